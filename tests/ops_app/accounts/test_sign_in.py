"""Who may not sign in, and what signing in gives."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.modules.accounts import service
from ops_app.modules.accounts.models import Account
from ops_app.permissions import Role
from tests.ops_app.browser import PASSWORD, Browser, make_account, signed_in


def test_wrong_password_and_unknown_login_read_the_same(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    wrong = Browser(app).sign_in("aigul", "not this one")
    unknown = Browser(app).sign_in("nobody", "not this one")
    assert wrong.status_code == unknown.status_code == 401
    assert "Login or password is not right" in wrong.text
    assert "Login or password is not right" in unknown.text


def test_disabled_account_cannot_sign_in(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.DOCTOR, None)])
    with Session(app.state.engine) as session:
        service.disable_account(session, session.scalars(select(Account)).one())
        session.commit()
    assert Browser(app).sign_in("aigul").status_code == 401


def test_sign_in_gives_a_session(app: FastAPI) -> None:
    make_account(app.state.engine, "aigul", [(Role.ADMINISTRATOR, None)])
    browser = Browser(app)
    assert browser.sign_in("aigul", PASSWORD).status_code == 303
    assert browser.get("/account/sessions").status_code == 200
    assert signed_in(app, "aigul").get("/account/sessions").status_code == 200
