"""Who may not sign in, and what signing in gives."""

from __future__ import annotations

import datetime as dt

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops_app.auth import cookie_name
from ops_app.kit import clock
from ops_app.modules.accounts import queries, service
from ops_app.modules.accounts.models import Account, SignInSession
from ops_app.modules.accounts.routes import local_target
from ops_app.permissions import Role
from tests.installation import Database, Installation
from tests.ops_app.browser import PASSWORD, Browser, make_account, signed_in


def test_wrong_password_and_unknown_login_read_the_same(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    wrong = Browser(app).sign_in("aigul", "not this one")
    unknown = Browser(app).sign_in("nobody", "not this one")
    assert wrong.status_code == unknown.status_code == 401
    assert "Login or password is not right" in wrong.text
    assert "Login or password is not right" in unknown.text
    assert "not this one" not in wrong.text


def test_disabled_account_cannot_sign_in(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    with Session(app.state.engine) as session:
        service.disable_account(session, session.scalars(select(Account)).one())
        session.commit()
    assert Browser(app).sign_in("aigul").status_code == 401


@pytest.mark.parametrize("login", ["aigul", "nobody"])
def test_login_is_locked_after_five_failures_whether_it_exists_or_not(app: FastAPI, login: str) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    browser = Browser(app)
    for _attempt in range(service.FAILURES_ALLOWED):
        assert browser.sign_in(login, "wrong").status_code == 401
    locked = browser.sign_in(login, PASSWORD)
    assert locked.status_code == 403
    assert "Too many failed attempts" in locked.text


def test_lock_opens_with_time_and_a_success_forgets_failures(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    with Session(app.state.engine) as session:
        for _attempt in range(service.FAILURES_ALLOWED):
            assert service.sign_in(session, "aigul", "wrong", None) is None
        later = clock.now() + service.LOCK_TIME + dt.timedelta(seconds=1)
        with clock.frozen(later):
            assert service.sign_in(session, "aigul", PASSWORD, None) is not None
            assert queries.failures_of(session, "aigul") is None


def test_post_without_csrf_token_is_refused(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    stranger = Browser(app)
    login = {"login": "aigul", "password": PASSWORD}
    assert stranger.client.post("/sign-in", data=login).status_code == 400
    browser = signed_in(app, "aigul")
    assert browser.client.post("/sign-out").status_code == 400
    assert browser.client.post("/sign-out", data={"csrf_token": "0" * 64}).status_code == 400
    assert browser.client.post("/sign-out", data={"csrf_token": stranger.csrf or "x"}).status_code == 400
    assert browser.get("/account/sessions").status_code == 200


def test_csrf_token_of_a_form_is_accepted(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    browser = signed_in(app, "aigul")
    assert browser.client.post("/sign-out", data={"csrf_token": browser.csrf}).status_code == 303
    assert browser.get("/account/sessions").headers["location"].startswith("/sign-in")


def test_sign_in_gives_a_session_whose_token_is_stored_nowhere(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.ADMINISTRATOR, None)], language="ru")
    browser = Browser(app)
    answer = browser.sign_in("aigul", PASSWORD)
    assert answer.status_code == 303
    assert "HttpOnly" in answer.headers["set-cookie"]
    token = browser.client.cookies[cookie_name("session")]
    with Session(app.state.engine) as session:
        assert token.encode() not in session.scalars(select(SignInSession.token_hash)).one()
    assert browser.get("/account/sessions").status_code == 200
    assert "Мои сеансы" in browser.get("/account/sessions").text
    assert browser.get("/").status_code == 200


def test_session_ends_when_idle_when_old_and_when_the_account_is_disabled(app: FastAPI) -> None:
    account = make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    with Session(app.state.engine) as session:
        token = service.open_sign_in_session(session, account, None)
        session.commit()
        from ops_app.auth import token_hash

        assert queries.live_session(session, token_hash(token))
        with clock.frozen(clock.now() + queries.IDLE_LIMIT + dt.timedelta(minutes=1)):
            assert queries.live_session(session, token_hash(token)) is None
        session.execute(text("update accounts.sign_in_session set last_seen_at = now() + interval '11 hours'"))
        with clock.frozen(clock.now() + service.SESSION_LIFE + dt.timedelta(minutes=1)):
            assert queries.live_session(session, token_hash(token)) is None
        service.disable_account(session, session.get_one(Account, account.id))
        assert queries.live_session(session, token_hash(token)) is None


def test_revoked_session_is_refused_at_once(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    home, lost = signed_in(app, "aigul"), signed_in(app, "aigul")
    with Session(app.state.engine) as session:
        newest = max(session.scalars(select(SignInSession.id)))
    assert home.post(f"/account/sessions/{newest}/end").status_code == 303
    assert lost.get("/account/sessions").status_code == 303
    assert home.get("/account/sessions").status_code == 200


def test_nobody_ends_the_session_of_another(app: FastAPI) -> None:
    for login in ("aigul", "serik"):
        make_account(app.state.engine, login, [(Role.DOCTOR, None)])
    signed_in(app, "serik")
    with Session(app.state.engine) as session:
        other = session.scalars(select(SignInSession.id)).one()
    assert signed_in(app, "aigul").post(f"/account/sessions/{other}/end").status_code == 404


def test_first_password_must_be_changed_before_anything_else(app: FastAPI) -> None:
    with Session(app.state.engine) as session:
        _account, first = service.create_account(session, "aigul", "Aigul", [(Role.ADMINISTRATOR, None)])
        session.commit()
    browser = Browser(app)
    assert browser.sign_in("aigul", first).status_code == 303
    assert browser.get("/users").headers["location"] == "/account/password"
    assert browser.client.get("/users", headers={"accept": "application/json"}).status_code == 403
    form = {"old_password": first, "new_password": "tamyr jusan dala", "new_password_again": "tamyr jusan dala"}
    for wrong in (
        {"old_password": "no"},
        {"new_password": "short", "new_password_again": "short"},
        {"new_password": "aigul aigul", "new_password_again": "aigul aigul"},
        {"new_password": first, "new_password_again": first},
        {"new_password_again": "another one"},
    ):
        assert browser.post("/account/password", form | wrong).status_code == 422
    assert browser.post("/account/password", form).status_code == 303
    assert browser.get("/users").status_code == 200
    assert Browser(app).sign_in("aigul", first).status_code == 401
    assert Browser(app).sign_in("aigul", "tamyr jusan dala").status_code == 303


def test_new_password_ends_other_sessions(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    here, there = signed_in(app, "aigul"), signed_in(app, "aigul")
    form = {"old_password": PASSWORD, "new_password": "tamyr jusan dala", "new_password_again": "tamyr jusan dala"}
    assert here.post("/account/password", form).status_code == 303
    assert here.get("/account/sessions").status_code == 200
    assert there.get("/account/sessions").status_code == 303


@pytest.mark.parametrize(
    ("asked", "followed"),
    [
        ("/patients?q=1", "/patients?q=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_sign_in_sends_people_only_to_our_own_pages(asked: str, followed: str) -> None:
    assert local_target(asked) == followed


def test_passwords_are_kept_as_argon2id(app: FastAPI) -> None:
    account = make_account(app.state.engine, "aigul")
    assert account.password_hash.startswith("$argon2id$")


def test_attempts_are_in_the_journal(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    Browser(app).sign_in("aigul", "wrong")
    Browser(app).sign_in("aigul")
    with Session(app.state.engine) as session:
        actions = session.scalars(text("select action from audit.event where kind = 'security' order by id")).all()
    assert actions == ["accounts:sign_in_failed", "accounts:signed_in"]


def test_command_line_and_app_share_accounts(database: Database, installation: Installation) -> None:
    with Session(database.engine("app")) as session:
        account, password = service.create_account(session, " Admin ", "Administrator", [(Role.ADMINISTRATOR, None)])
        assert account.login == "admin"
        assert len(password) >= 16
        assert service.reset_password(session, account) != password
