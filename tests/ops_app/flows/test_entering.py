"""Entering: a second factor set up and asked for, guesses that end in a lock."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import Page, expect

from ops_app.modules.accounts import service
from ops_app.permissions import Role
from tests.ops_app.browser import PASSWORD, make_account
from tests.ops_app.flows.conftest import Desk
from tests.ops_app.flows.words import expect_refused, said

pytestmark = pytest.mark.browser


def employee(desk: Desk, name: str) -> str:
    """A nurse of the hospital; gives the login."""
    login = f"{name}.{desk.language}"
    place = desk.clinic.tree["hospital"]
    make_account(desk.clinic.app.state.engine, login, [(Role.NURSE, place)], language=desk.language)
    return login


def sign_in(page: Page, login: str, password: str) -> None:
    page.goto("/sign-in")
    page.fill("#f-login", login)
    page.fill("#f-password", password)
    page.keyboard.press("Enter")


@pytest.mark.req("IAM-14", "IAM-26")
def test_a_second_factor_is_added_and_asked_for(desk: Desk) -> None:
    login = employee(desk, "factor")
    page = desk.sit(login)
    page.goto("/")
    page.locator("header details.menu > summary").click()
    page.locator('header a[href$="/account/second-factor"]').click()
    page.locator("main .btn-primary").click()
    key = page.locator(".secret").inner_text()
    expect(page.locator("main img")).to_be_visible()
    page.fill("#f-code", "000000")
    page.keyboard.press("Enter")
    expect_refused(desk, page, "The code does not fit. Check the clock of your phone and take the next code")
    page.fill("#f-code", pyotp.TOTP(key).now())
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(said(desk, "Recovery codes"))
    recovery = page.locator("li.secret").first.inner_text()

    stranger = desk.sit(None)
    sign_in(stranger, login, PASSWORD)
    stranger.wait_for_url("**/sign-in/code*")
    stranger.fill("#f-code", "123456")
    stranger.keyboard.press("Enter")
    expect_refused(desk, stranger, "The code is not right")
    stranger.fill("#f-code", recovery)
    stranger.keyboard.press("Enter")
    expect(stranger.locator("details.menu .initials")).to_have_count(1)


@pytest.mark.req("IAM-26")
def test_guesses_are_told_apart_from_a_lock(desk: Desk) -> None:
    page, login = desk.sit(None), employee(desk, "guessed")
    for _guess in range(service.FAILURES_ALLOWED):
        sign_in(page, login, "not this one")
        expect_refused(desk, page, "Login or password is not right")
    sign_in(page, login, PASSWORD)
    expect(page.locator(".error-summary")).to_contain_text(
        said(desk, "Wait, or ask your administrator for a new password.")
    )
