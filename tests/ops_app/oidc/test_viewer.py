"""A viewer of images at an origin of its own: what it may not, how it gets a token, what the token opens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ops_app.app import create_app
from saulyq.settings import settings
from tests.ops_app.browser import signed_in
from tests.ops_app.clinic import Clinic

VIEWER = "https://viewer.example.kz/ohif"
ORIGIN = "https://viewer.example.kz"
# what OHIF 3.12 asks before its first search
PREFLIGHT = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}


@pytest.fixture(scope="module")
def app(clinic: Clinic) -> Iterator[FastAPI]:
    """The app of an installation that has a viewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAULYQ_VIEWER_URL", VIEWER)
        settings.cache_clear()
        yield create_app(clinic.app.state.engine)
    settings.cache_clear()


def asked_for_a_code(app: FastAPI, login: str, **changes: str) -> tuple[Any, str]:
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": "saulyq-viewer",
        "redirect_uri": f"{VIEWER}/callback",
        "scope": "openid profile",
        "state": "s1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return signed_in(app, login).get("/oidc/authorize", params=asked | changes), verifier


def exchanged(app: FastAPI, code: str, verifier: str, **more: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": f"{VIEWER}/callback"}
    known = {"client_id": "saulyq-viewer", "code_verifier": verifier}
    return TestClient(app).post("/oidc/token", data=form | known | more, headers={"origin": ORIGIN})


def code_in(answer: Any) -> str:
    assert answer.status_code == 302, answer.text
    address = answer.headers["location"]
    assert address.startswith(f"{VIEWER}/callback?")
    return parse_qs(urlsplit(address).query)["code"][0]


def test_other_origins_and_other_addresses_stay_closed(app: FastAPI, clinic: Clinic) -> None:
    page = TestClient(app)
    stranger = page.options("/dicomweb/studies", headers=PREFLIGHT | {"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers
    for address in ("/patients", "/fhir/Patient", "/sign-in"):
        answer = page.options(address, headers=PREFLIGHT | {"origin": ORIGIN})
        assert "access-control-allow-origin" not in answer.headers, address
    # without the setting there is neither such an origin nor such a client
    none = TestClient(clinic.app).options("/dicomweb/studies", headers=PREFLIGHT | {"origin": ORIGIN})
    assert "access-control-allow-origin" not in none.headers


def test_who_sees_no_images_gets_no_code_and_a_code_without_its_verifier_no_token(app: FastAPI) -> None:
    assert asked_for_a_code(app, "official")[0].status_code == 403
    assert asked_for_a_code(app, "doctor", redirect_uri="https://evil.example/callback")[0].status_code == 400
    answer, _verifier = asked_for_a_code(app, "doctor")
    assert exchanged(app, code_in(answer), "").status_code == 400
    answer, _verifier = asked_for_a_code(app, "doctor")
    assert exchanged(app, code_in(answer), secrets.token_urlsafe(48)).json()["error"] == "invalid_grant"
    # it has no secret, so nobody may ask about tokens in its name
    about = TestClient(app).post("/oidc/introspect", data={"client_id": "saulyq-viewer", "sid": "1"})
    assert about.status_code == 401


@pytest.mark.req("PACS-04")
def test_the_viewer_signs_in_and_reads_images_and_nothing_else(app: FastAPI) -> None:
    page = TestClient(app)
    before = page.options("/dicomweb/studies", headers=PREFLIGHT | {"origin": ORIGIN})
    assert before.status_code == 200 and before.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in before.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in before.headers
    answer, verifier = asked_for_a_code(app, "doctor")
    given = exchanged(app, code_in(answer), verifier)
    assert given.status_code == 200 and given.headers["access-control-allow-origin"] == ORIGIN
    headers = {"authorization": f"Bearer {given.json()['access_token']}", "origin": ORIGIN}
    found = page.get(
        "/dicomweb/studies?limit=101&offset=0&fuzzymatching=true&includefield=00081030%2C00080060"
        "&PatientName=*%D3%98%D0%B1%D1%96*&00100020=*1011*&ModalitiesInStudy=CT%2CMR&StudyDate=20261101-20261123",
        headers=headers | {"accept": "application/dicom+json"},
    )
    assert found.status_code in (200, 204) and found.headers["access-control-allow-origin"] == ORIGIN
    assert page.get("/oidc/userinfo", headers=headers).json()["preferred_username"] == "doctor"
    assert page.get("/fhir/Patient?name=a", headers=headers).status_code == 403
    assert (
        f"form-action 'self' {settings().page_url(settings().dashboards_port)} {ORIGIN}"
        in (page.get("/sign-in").headers["content-security-policy"])
    )
