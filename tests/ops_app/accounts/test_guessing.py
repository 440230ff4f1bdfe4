"""Guessing passwords: all at once, with a stolen session, and with a session planted before the sign-in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.auth import cookie_name
from ops_app.modules.accounts import queries, service
from ops_app.modules.audit.models import Event
from ops_app.permissions import Role
from tests.ops_app.browser import PASSWORD, Browser, make_account

AT_ONCE = 9


def events(app: FastAPI, action: str) -> list[Event]:
    with Session(app.state.engine) as session:
        return list(session.scalars(select(Event).where(Event.action == action).order_by(Event.id)))


@pytest.mark.parametrize("login", ["aigul", "nobody"])
def test_guesses_sent_at_once_count_each_and_meet_the_lock(app: FastAPI, login: str) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    browsers = [Browser(app) for _guesser in range(AT_ONCE)]
    for browser in browsers:
        browser.get("/sign-in")
    start = Barrier(AT_ONCE)

    def guess(browser: Browser) -> int:
        start.wait()
        return browser.post("/sign-in", {"login": login, "password": "wrong guess"}).status_code

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = sorted(crowd.map(guess, browsers))
    refused = service.FAILURES_ALLOWED
    assert answers == [401] * refused + [403] * (AT_ONCE - refused)
    failed = events(app, "accounts:sign_in_failed")
    assert [row.after and row.after["failures"] for row in failed] == list(range(1, refused + 1))


def test_a_forgotten_session_does_not_guess_the_password(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)], language="en")
    stolen = Browser(app)
    assert stolen.sign_in("aigul").status_code == 303
    asked = {"new_password": "quite another 17 words", "new_password_again": "quite another 17 words"}
    for _guess in range(service.FAILURES_ALLOWED):
        wrong = stolen.post("/account/password", asked | {"old_password": "wrong guess"})
        assert "The present password is not right" in wrong.text
    locked = stolen.post("/account/password", asked | {"old_password": PASSWORD})
    assert locked.status_code == 422
    assert "Too many failed attempts" in locked.text
    assert Browser(app).sign_in("aigul").status_code == 403
    assert {row.after and row.after["method"] for row in events(app, "accounts:sign_in_failed")} == {"present_password"}
    with Session(app.state.engine) as session:
        account = queries.account_by_login(session, "aigul")
        assert account is not None
        assert service.passwords.verify(account.password_hash, PASSWORD), "nothing was changed"


def test_a_session_planted_before_the_sign_in_is_not_adopted(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    victim, attacker = Browser(app), Browser(app)
    victim.client.cookies.set(cookie_name("session"), "planted")
    answer = victim.sign_in("aigul")
    assert answer.status_code == 303
    given = answer.headers["set-cookie"]
    assert f"{cookie_name('session')}=" in given
    assert "planted" not in given
    attacker.client.cookies.set(cookie_name("session"), "planted")
    assert attacker.get("/account/sessions").headers["location"].startswith("/sign-in")
