"""A signed-in browser for tests: keeps cookies, sends the CSRF token, does not follow redirects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.auth import cookie_name
from ops_app.modules.accounts import service
from ops_app.modules.accounts.models import Account
from ops_app.permissions import Role

PASSWORD = "correct horse battery"


class Browser:
    """One person at one browser; ``language`` chooses kk, ru or en."""

    def __init__(self, app: FastAPI, language: str = "en"):
        self.client = TestClient(
            app,
            follow_redirects=False,
            headers={"accept": "text/html", "accept-language": language},
        )
        self.csrf = ""

    def get(self, url: str, **options: Any) -> Response:
        return self._seen(self.client.get(url, **options))

    def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> Response:
        if not self.csrf:
            self.get("/sign-in")
        headers = {"X-CSRF-Token": self.csrf} | options.pop("headers", {})
        return self._seen(self.client.post(url, data=data or {}, headers=headers, **options))

    def sign_in(self, login: str, password: str = PASSWORD) -> Response:
        self.get("/sign-in")
        answer = self.post("/sign-in", {"login": login, "password": password})
        self.csrf = ""
        if answer.status_code == 303:
            self.get("/account/password")
        return answer

    def use_session(self, token: str) -> Browser:
        """Become signed in without the costly password check."""
        self.client.cookies.set(cookie_name("session"), token)
        self.get("/account/password")
        return self

    def _seen(self, answer: Response) -> Response:
        found = re.search(r'name="csrf-token" content="([0-9a-f]+)"', answer.text)
        if found:
            self.csrf = found[1]
        return answer


def make_account(engine: Engine, login: str, places: Iterable[tuple[Role, int | None]] = (), **options: Any) -> Account:
    """An account with a known password that need not be changed."""
    with Session(engine, expire_on_commit=False) as session:
        account, _password = service.create_account(
            session, login, options.pop("display_name", login.title()), places, password=PASSWORD, **options
        )
        session.commit()
        return account


def signed_in(app: FastAPI, login: str, language: str = "en") -> Browser:
    """A browser in which the account of this login is signed in."""
    from ops_app.modules.accounts import queries

    with Session(app.state.engine) as session:
        account = queries.account_by_login(session, login)
        assert account is not None
        token = service.open_sign_in_session(session, account, "test")
        session.commit()
    return Browser(app, language).use_session(token)
