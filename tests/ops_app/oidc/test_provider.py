"""The OpenID provider: who gets no code, no token and no claims, and what the dashboards get."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from httpx import Response
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.oidc.client import CLIENT_ID, clients
from ops_app.permissions import Role
from saulyq.secrets import secret
from saulyq.settings import settings
from tests.ops_app.browser import Browser, make_account, signed_in

Tree = dict[str, int]


@dataclass
class Dashboards:
    """The client's side of the code flow."""

    browser: Browser
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    redirect_uri: str = field(default_factory=lambda: clients()[CLIENT_ID].redirect_uris[0])

    @property
    def credentials(self) -> tuple[str, str]:
        return CLIENT_ID, secret(settings().secrets_dir, "oidc_dashboards")

    def authorize(self, **changes: str | None) -> Response:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": "s1",
            "nonce": "n1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | changes
        return self.browser.get("/oidc/authorize", params={k: v for k, v in asked.items() if v is not None})

    def code(self) -> str:
        answer = self.authorize()
        assert answer.status_code == 302, answer.text
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        assert sent["state"] == ["s1"]
        return sent["code"][0]

    def token(self, code: str, auth: tuple[str, str] | None = None, **changes: str) -> Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.browser.client.post("/oidc/token", data=form | changes, auth=auth or self.credentials)

    def userinfo(self, access_token: str) -> Response:
        return self.browser.client.get("/oidc/userinfo", headers={"authorization": f"Bearer {access_token}"})

    def introspect(self, auth: tuple[str, str] | None = None, **form: str) -> Any:
        answer = self.browser.client.post("/oidc/introspect", data=form, auth=auth or self.credentials)
        return answer.json()


@pytest.fixture
def dashboards(app: FastAPI, tree: Tree) -> Dashboards:
    """The dashboards, and a chief of one hospital at the browser."""
    make_account(
        app.state.engine, "chief", [(Role.CHIEF_PHYSICIAN, tree["hospital"])], language="kk", display_name="Бас дәрігер"
    )
    return Dashboards(signed_in(app, "chief"))


def test_stranger_is_sent_to_sign_in_and_back(app: FastAPI) -> None:
    answer = Dashboards(Browser(app)).authorize()
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2Foidc%2Fauthorize%3F")


def test_account_without_dashboards_gets_no_code(app: FastAPI, tree: Tree) -> None:
    make_account(app.state.engine, "nurse", [(Role.NURSE, tree["site"])])
    assert Dashboards(signed_in(app, "nurse")).authorize().status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/oauth2callback"},
        {"redirect_uri": "http://127.0.0.1:1/oauth2callback"},
        {"redirect_uri": None},
        {"client_id": "another"},
        {"response_type": "token"},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
    ],
    ids=str,
)
def test_wrong_request_is_refused_without_a_redirect(dashboards: Dashboards, changes: dict[str, str | None]) -> None:
    answer = dashboards.authorize(**changes)
    leaves = answer.headers.get("location", "")
    assert "code=" not in leaves
    assert not leaves.startswith("https://evil")
    assert answer.status_code == 400 or "error=" in leaves


def test_wrong_verifier_gets_nothing_and_uses_the_code_up(dashboards: Dashboards) -> None:
    code = dashboards.code()
    assert dashboards.token(code, code_verifier=secrets.token_urlsafe(48)).json()["error"] == "invalid_grant"
    assert dashboards.token(code).json()["error"] == "invalid_grant"


def test_missing_verifier_gets_nothing(dashboards: Dashboards) -> None:
    assert dashboards.token(dashboards.code(), code_verifier="").status_code == 400


def test_wrong_client_secret_gets_nothing(dashboards: Dashboards) -> None:
    answer = dashboards.token(dashboards.code(), auth=(CLIENT_ID, "guess"))
    assert answer.status_code == 401
    assert dashboards.introspect(auth=(CLIENT_ID, "guess"), sid="1") == {"error": "invalid_client"}


def test_wrong_redirect_at_the_token_gets_nothing(dashboards: Dashboards) -> None:
    answer = dashboards.token(dashboards.code(), redirect_uri="https://evil.example/oauth2callback")
    assert answer.json()["error"] == "invalid_grant"


def test_code_lives_a_minute(dashboards: Dashboards, app: FastAPI) -> None:
    code = dashboards.code()
    with Session(app.state.engine) as session:
        session.execute(text("update accounts.oidc_code set expires_at = now() - interval '1 second'"))
        session.commit()
    assert dashboards.token(code).json()["error"] == "invalid_grant"


def test_second_use_of_a_code_ends_what_the_first_gave(dashboards: Dashboards) -> None:
    code = dashboards.code()
    first = dashboards.token(code).json()["access_token"]
    assert dashboards.userinfo(first).status_code == 200
    assert dashboards.token(code).json()["error"] == "invalid_grant"
    assert dashboards.userinfo(first).status_code == 401


def test_full_flow_names_the_person_and_the_places(dashboards: Dashboards, tree: Tree) -> None:
    answer = dashboards.token(dashboards.code())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert "refresh_token" not in tokens
    keys = KeySet.import_key_set(dashboards.browser.client.get("/oidc/jwks.json").json())
    assert "d" not in dashboards.browser.client.get("/oidc/jwks.json").json()["keys"][0]
    decoded = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
    claims = decoded.claims
    assert claims["iss"] == settings().page_url(settings().ops_port)
    assert claims["aud"] == [CLIENT_ID]
    assert claims["nonce"] == "n1"
    assert claims["name"] == "Бас дәрігер"
    assert claims["locale"] == "kk"
    assert claims["roles"] == ["chief_physician"]
    assert claims["exp"] > clock.now().timestamp()
    who = dashboards.userinfo(tokens["access_token"]).json()
    assert who["sub"] == claims["sub"]
    assert who["everywhere"] is False
    assert who["organization_ids"] == sorted([tree["hospital"], tree["department"], tree["site"]])
    assert who["organization_roots"] == [tree["hospital"]]
    assert "dashboards:page:read" in who["permissions"]
    assert dashboards.introspect(token=tokens["access_token"])["active"] is True
    assert dashboards.introspect(sid=claims["sid"])["organization_ids"] == who["organization_ids"]


def test_ended_session_ends_userinfo_at_once(dashboards: Dashboards) -> None:
    tokens = dashboards.token(dashboards.code()).json()
    assert dashboards.browser.post("/sign-out").status_code == 303
    assert dashboards.userinfo(tokens["access_token"]).status_code == 401
    assert dashboards.introspect(token=tokens["access_token"]) == {"active": False}


def test_role_taken_away_changes_userinfo_at_once(dashboards: Dashboards, app: FastAPI) -> None:
    tokens = dashboards.token(dashboards.code()).json()
    with Session(app.state.engine) as session:
        session.execute(text("delete from accounts.role_assignment"))
        session.commit()
    assert dashboards.userinfo(tokens["access_token"]).json()["organization_ids"] == []


def test_disabled_account_is_inactive(dashboards: Dashboards, app: FastAPI) -> None:
    tokens = dashboards.token(dashboards.code()).json()
    sid = str(_claims(dashboards, tokens["id_token"])["sid"])
    with Session(app.state.engine) as session:
        session.execute(text("update accounts.account set is_active = false"))
        session.commit()
    assert dashboards.userinfo(tokens["access_token"]).status_code == 401
    assert dashboards.introspect(sid=sid) == {"active": False}


@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer guess", "Basic Zzz", "Bearer ' or 1=1"])
def test_userinfo_needs_a_token_of_ours(dashboards: Dashboards, bearer: str) -> None:
    answer = dashboards.browser.client.get("/oidc/userinfo", headers={"authorization": bearer} if bearer else {})
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]


def test_introspection_of_nonsense_is_inactive(dashboards: Dashboards) -> None:
    assert dashboards.introspect(token="guess") == {"active": False}
    assert dashboards.introspect(sid="1; drop table") == {"active": False}
    assert dashboards.introspect() == {"active": False}


def test_sign_out_from_the_dashboards(dashboards: Dashboards) -> None:
    tokens = dashboards.token(dashboards.code()).json()
    home = settings().page_url(settings().dashboards_port)
    forged = dashboards.browser.get(
        "/oidc/end-session", params={"id_token_hint": "x.y.z", "post_logout_redirect_uri": "https://evil.example"}
    )
    assert forged.headers["location"] == "/sign-in"
    assert dashboards.userinfo(tokens["access_token"]).status_code == 200
    answer = dashboards.browser.get(
        "/oidc/end-session", params={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": home}
    )
    assert answer.headers["location"] == home
    assert dashboards.userinfo(tokens["access_token"]).status_code == 401


def test_discovery_is_what_streamlit_reads(dashboards: Dashboards) -> None:
    document = dashboards.browser.client.get("/.well-known/openid-configuration").json()
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        assert document[name].startswith(document["issuer"] + "/oidc/")
    assert document["code_challenge_methods_supported"] == ["S256"]


def test_signing_key_is_the_owners_alone(dashboards: Dashboards) -> None:
    assert dashboards.browser.client.get("/oidc/jwks.json").status_code == 200
    file = settings().secrets_dir / "oidc_signing_key.pem"
    assert file.stat().st_mode & 0o077 == 0


def test_token_never_outlives_its_session(dashboards: Dashboards) -> None:
    tokens = dashboards.token(dashboards.code()).json()
    with Session(dashboards.browser.client.app.state.engine) as session:  # type: ignore[attr-defined]
        session.execute(
            text("update accounts.sign_in_session set expires_at = :at"),
            {"at": clock.now() - dt.timedelta(seconds=1)},
        )
        session.commit()
    assert dashboards.userinfo(tokens["access_token"]).status_code == 401


def _claims(dashboards: Dashboards, id_token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(dashboards.browser.client.get("/oidc/jwks.json").json())
    return dict(jwt.decode(id_token, keys, algorithms=["RS256"]).claims)
