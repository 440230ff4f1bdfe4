"""Who is looking, and where they may look.

The operational app signs people in (OpenID Connect). The cookie says who; where and what is asked
anew every minute, so a revoked session or a narrowed scope counts here within a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import streamlit as st

ASK_AGAIN_SECONDS = 60
PAGES_PERMISSION = "dashboards:page:read"
RUNS_PERMISSION = "pipeline:run:read"
CASES_PERMISSION = "signals:case:read"


@dataclass(frozen=True)
class Scope:
    """Organisation nodes somebody may look at; ``everywhere`` needs no list."""

    everywhere: bool = False
    nodes: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.nodes)


@dataclass(frozen=True)
class Viewer:
    """A signed-in person as the dashboards know them; never a patient's name, never a password."""

    login: str
    name: str
    language: str
    roles: frozenset[str]
    permissions: frozenset[str]
    figures: Scope
    cases: Scope
    release_refused: str | None = None
    """Why the viewer may release nothing, as the operational app says it."""
    aggregator: str | None = None
    """Who aggregates; releases name it."""

    @property
    def sees_figures(self) -> bool:
        """Engineers keep the machine running; what it says about patients is not their business."""
        return PAGES_PERMISSION in self.permissions and bool(self.figures) and not self.is_technical

    @property
    def is_technical(self) -> bool:
        """Whether every role held is about the machine."""
        return bool(self.roles) and self.roles <= {"data_engineer", "administrator"}

    @property
    def sees_freshness(self) -> bool:
        """Whether the page about the machine is shown."""
        return self.sees_figures or RUNS_PERMISSION in self.permissions or self.is_technical

    @property
    def decides(self) -> bool:
        """Whether the case pages of the operational app are open to the viewer."""
        return CASES_PERMISSION in self.permissions


def viewer_of(claims: dict[str, Any]) -> Viewer:
    """Build the viewer from the answer of the operational app."""
    return Viewer(
        login=str(claims["preferred_username"]),
        name=str(claims["name"]),
        language=str(claims.get("locale") or "kk"),
        roles=frozenset(claims["roles"]),
        permissions=frozenset(claims["permissions"]),
        figures=Scope(bool(claims["everywhere"]), frozenset(claims["organization_ids"])),
        cases=Scope(bool(claims["cases_everywhere"]), frozenset(claims["case_organization_ids"])),
        release_refused=claims.get("release_refused", "unprotected"),
        aggregator=claims.get("aggregator"),
    )


@st.cache_data(ttl=ASK_AGAIN_SECONDS, show_spinner=False, max_entries=1_000)
def _authority(sid: str, introspection: str, client: tuple[str, str]) -> dict[str, Any] | None:
    answer = httpx.post(introspection, data={"sid": sid}, auth=client, timeout=10)
    answer.raise_for_status()
    claims: dict[str, Any] = answer.json()
    return claims if claims.get("active") else None


class Unreachable(Exception):
    """The operational app does not answer, so nobody can be recognised."""


def has_cookie() -> bool:
    """Whether somebody signed in here, however long ago."""
    return bool(st.user.is_logged_in)


def current_viewer() -> Viewer | None:
    """Return who is signed in and still may be, or nobody."""
    if not has_cookie():
        return None
    auth = st.secrets["auth"]
    introspection = auth["server_metadata_url"].replace("/.well-known/openid-configuration", "/oidc/introspect")
    try:
        claims = _authority(str(st.user["sid"]), introspection, (auth["client_id"], auth["client_secret"]))
    except httpx.HTTPError as error:
        raise Unreachable from error
    return viewer_of(claims) if claims else None


def operational_app() -> str:
    """Address of the operational app, where cases are decided."""
    return str(st.secrets["auth"]["server_metadata_url"]).split("/.well-known/")[0]
