"""Headers, languages and error pages of every answer."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.errors import Conflict, Invalid
from ops_app.permissions import Role
from tests.installation import Installation
from tests.ops_app.browser import Browser, make_account, signed_in


def test_security_headers_on_every_answer(module_app: FastAPI) -> None:
    browser = Browser(module_app)
    for path in ("/sign-in", "/health", "/nowhere", "/users"):
        headers = browser.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]


def test_cookies_carry_the_installation_and_are_closed_to_scripts(
    module_app: FastAPI, installation: Installation
) -> None:
    answer = Browser(module_app).get("/sign-in")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"saulyq_{installation.port_base}_visitor=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(
    ("language", "title"), [("kk", "Мұндай бет жоқ"), ("ru", "Такой страницы нет"), ("en", "There is no such page")]
)
def test_error_pages_speak_three_languages_and_say_what_to_do(module_app: FastAPI, language: str, title: str) -> None:
    answer = Browser(module_app, language).get("/nowhere")
    assert answer.status_code == 404
    assert title in answer.text
    assert answer.headers["content-language"] == language


def test_programs_get_json_errors(module_app: FastAPI) -> None:
    browser = Browser(module_app)
    answer = browser.client.get("/users", headers={"accept": "application/json"})
    assert answer.status_code == 401
    body = answer.json()
    assert body["status"] == 401
    assert body["error"] == "Please sign in"
    assert body["request_id"] == answer.headers["x-request-id"]


def test_htmx_gets_a_fragment_and_no_whole_page(module_app: FastAPI) -> None:
    answer = Browser(module_app).get("/users", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "<html" not in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Conflict(), 409),
        (Invalid("no", field="iin"), 422),
        (RuntimeError("boom"), 500),
        (ValueError("secret value"), 500),
    ],
)
def test_a_failing_route_answers_a_page_and_saves_nothing(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    browser = signed_in(app, "aigul")

    def fail(session: Session, account_id: int) -> list[object]:
        session.execute(text("update accounts.account set display_name = 'half done'"))
        raise error

    monkeypatch.setattr("ops_app.modules.accounts.queries.own_sessions", fail)
    answer = browser.get("/account/sessions")
    assert answer.status_code == status
    assert "default-src" in answer.headers["content-security-policy"]
    assert "secret value" not in answer.text
    monkeypatch.undo()
    with Session(app.state.engine) as session:
        assert session.scalar(text("select display_name from accounts.account")) == "Aigul"


def test_a_number_that_is_none_is_not_found(module_app: FastAPI) -> None:
    make_account(module_app.state.engine, "root.user", [(Role.ADMINISTRATOR, None)])
    assert signed_in(module_app, "root.user").get("/users/abc").status_code == 404


def test_language_switch_is_kept_in_cookie_and_account(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.ADMINISTRATOR, None)])
    browser = signed_in(app, "aigul")
    assert browser.post("/language/ru", {"next": "/users"}).headers["location"] == "/users"
    assert "Пользователи" in browser.get("/users").text
    with Session(app.state.engine) as session:
        assert session.scalar(text("select language from accounts.account")) == "ru"
    assert browser.post("/language/de").status_code == 400


def test_a_down_database_is_said_so(installation: Installation) -> None:
    from sqlalchemy import create_engine

    from ops_app.app import create_app

    app = create_app(create_engine(installation.settings.database_url("app", "no_such_database")))
    browser = Browser(app)
    browser.client.cookies.set(f"saulyq_{installation.port_base}_session", "anything")
    answer = browser.get("/users")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
