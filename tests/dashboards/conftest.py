"""A served warehouse, viewers of each kind, and the dashboards as a viewer opens them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboards import identity
from dashboards.identity import Scope, Viewer
from tests.dashboards import served

APP = Path(identity.__file__).parent / "app.py"
Opener = Callable[..., AppTest]


def viewer(
    login: str, figures: Scope, cases: Scope, *permissions: str, roles: tuple[str, ...] = ("official",)
) -> Viewer:
    """Somebody signed in."""
    return Viewer(login, f"Name of {login}", "kk", frozenset(roles), frozenset(permissions), figures, cases)


def nodes(*found: int) -> Scope:
    return Scope(nodes=frozenset(found))


READ = identity.PAGES_PERMISSION
WHOLE = nodes(served.REGION, served.ALPHA, served.ALPHA_SITE, served.BETA, served.BETA_SITE, served.GAMMA)
OFFICIAL = viewer("official", WHOLE, WHOLE, READ, identity.CASES_PERMISSION)
CHIEF = viewer(
    "chief", nodes(served.ALPHA, served.ALPHA_SITE), nodes(served.ALPHA, served.ALPHA_SITE), READ,
    roles=("chief_physician",),
)  # fmt: skip
DOCTOR = viewer("doctor", nodes(served.BETA_SITE), nodes(served.BETA_SITE), READ, roles=("doctor",))
COUNTER = viewer("counter", WHOLE, Scope(), READ)
ENGINEER = viewer("engineer", Scope(True), Scope(), READ, identity.RUNS_PERMISSION, roles=("data_engineer",))
REGISTRAR = viewer("registrar", Scope(), Scope(), "patients:identity:read", roles=("registrar",))


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The served warehouse, written once."""
    made = tmp_path_factory.mktemp("served")
    served.publish(made)
    return made


@pytest.fixture
def home(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a served warehouse and nothing else."""
    monkeypatch.setenv("SAULYQ_HOME", str(tmp_path))
    shutil.copytree(published / "warehouse", tmp_path / "warehouse")
    return tmp_path


@pytest.fixture
def as_viewer(monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Open a page of the dashboards as somebody, at an address."""
    st.cache_resource.clear()
    monkeypatch.setattr("dashboards.cases.operational_app", lambda: "http://ops")
    monkeypatch.setattr(identity, "operational_app", lambda: "http://ops")

    def open_page(who: Viewer | None, page: str | None = None, /, **address: str) -> AppTest:
        monkeypatch.setattr(identity, "current_viewer", lambda: who)
        monkeypatch.setattr(identity, "has_cookie", lambda: who is not None)
        at = AppTest.from_file(str(APP), default_timeout=60)
        for name, value in address.items():
            at.query_params[name] = value
        if page is not None:
            # As a browser that opens this address first; AppTest itself can only go on from another page.
            at._page_hash = calc_hash(page)
        at.run()
        assert not at.exception, at.exception
        return at

    return open_page


def words(at: AppTest) -> str:
    """Everything the page says."""
    plain = [element.value for kind in ("title", "subheader", "caption", "markdown", "info", "warning", "error")
             for element in at.get(kind)]  # fmt: skip
    html = [element.proto.body for element in at.get("html")]
    links = [element.proto.label for element in at.get("page_link")]
    return "\n".join(map(str, [*plain, *html, *links]))


def listed(at: AppTest) -> int:
    """Rows of the case list on the page."""
    tables = [element.proto.body for element in at.get("html") if "<table" in element.proto.body]
    return tables[0].count("<tr>") - 1 if tables else 0
