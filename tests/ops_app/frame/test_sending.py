"""Nothing typed is lost: a session that ends, a line that breaks, a second press, a page that is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Dialog, Page
from sqlalchemy.orm import Session

from ops_app.modules.accounts import queries, service
from ops_app.permissions import Role
from tests.chromium import running_chromium
from tests.ops_app.browser import Browser as Http
from tests.ops_app.browser import make_account, signed_in
from tests.ops_app.frame.test_in_a_browser import sign_in
from tests.ops_app.live import served

NAME = "Қасымжомартова-Тоқаева Ұлпан Әбдіғаппарқызы"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


def end_sessions(app: FastAPI, login: str) -> None:
    with Session(app.state.engine) as session:
        account = queries.account_by_login(session, login)
        assert account is not None
        service.revoke_sessions(session, account)
        session.commit()


def half_filled(context: BrowserContext, address: str) -> Page:
    """A form in which somebody wrote a while ago."""
    page = context.new_page()
    page.clock.install()
    page.goto(f"{address}/users/new")
    page.wait_for_selector("#f-display_name:focus")
    page.keyboard.type(NAME)
    page.clock.fast_forward("02:00")
    return page


def test_a_stranger_has_no_session_and_no_token(app: FastAPI) -> None:
    answer = Http(app).client.get("/account/session", headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert "csrf" not in answer.text


def test_the_token_is_that_of_the_own_session(app: FastAPI) -> None:
    boss = make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    browser = signed_in(app, "boss")
    answer = browser.client.get("/account/session")
    assert answer.json() == {"account": boss.id, "csrf": browser.csrf}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.browser
def test_a_form_survives_the_end_of_its_session(app: FastAPI, chromium: Browser) -> None:
    for login in ("boss", "other"):
        make_account(app.state.engine, login, [(Role.ADMINISTRATOR, None)])
    with served(app) as address:
        context = chromium.new_context()
        sign_in(context.new_page(), address, "boss")
        page = half_filled(context, address)
        end_sessions(app, "boss")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("[data-not-sent=ended]")
        assert page.input_value("#f-display_name") == NAME
        # somebody else at the same computer does not send what another typed
        context.clear_cookies()
        elsewhere = context.new_page()
        sign_in(elsewhere, address, "other")
        page.locator("#f-display_name").press("Control+Enter")
        page.wait_for_selector("[data-not-sent=another]")
        context.clear_cookies()
        sign_in(elsewhere, address, "boss")
        page.fill("#f-login", "u.toqaeva")
        page.press("#f-login", "Control+Enter")
        # the server judges it now: the role is not chosen, and what was typed stands there
        page.wait_for_selector(".error-summary")
        assert page.input_value("#f-display_name") == NAME
        assert page.input_value("#f-login") == "u.toqaeva"
        context.close()


@pytest.mark.browser
def test_a_broken_line_keeps_the_form_and_leaving_it_is_asked(app: FastAPI, chromium: Browser) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    with served(app) as address:
        context = chromium.new_context()
        sign_in(context.new_page(), address, "boss")
        page = half_filled(context, address)
        context.set_offline(True)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("[data-not-sent=offline]")
        assert page.input_value("#f-display_name") == NAME
        context.set_offline(False)
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.locator("#nav a").first.click(no_wait_after=True)
        page.wait_for_timeout(300)
        assert asked == ["beforeunload"]
        assert page.input_value("#f-display_name") == NAME
        page.remove_listener("dialog", stay)
        context.close()
