"""The frame in a real browser: no serious accessibility finding, keys work, nothing breaks the CSP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from ops_app.permissions import Role
from tests.chromium import running_chromium, serious_findings
from tests.ops_app.browser import PASSWORD, make_account
from tests.ops_app.live import served

pytestmark = pytest.mark.browser


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Debian's chromium."""
    with running_chromium() as browser:
        yield browser


def sign_in(page: Page, address: str, login: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#f-login", login)
    page.fill("#f-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_accessibility_finding(app: FastAPI, chromium: Browser, scheme: str) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)])
    with served(app) as address:
        # axe is injected, which our own policy rightly forbids
        context = chromium.new_context(bypass_csp=True, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        found = [("/sign-in", finding) for finding in serious_findings(page)]
        sign_in(page, address, "boss")
        # the pages of the navigation: tests/ops_app/walk/test_accessibility.py
        for path in ("/users/1", "/nowhere"):
            page.goto(address + path)
            found += [(path, finding) for finding in serious_findings(page)]
        context.close()
    assert not found


def test_keyboard_alone_reaches_a_page_and_nothing_breaks_the_policy(app: FastAPI, chromium: Browser) -> None:
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)], language="kk")
    with served(app) as address:
        page = chromium.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        sign_in(page, address, "boss")
        page.goto(f"{address}/users")
        page.keyboard.press("Control+k")
        # what the open page offers stands before the pages of the navigation
        assert page.locator("#palette-list [role=option]").first.get_attribute("data-url") == f"{address}/users/new"
        page.keyboard.type("аудит")
        page.keyboard.press("Enter")
        page.wait_for_url("**/audit")
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("Escape")
        page.goto(f"{address}/users")
        page.keyboard.press("n")
        page.wait_for_url("**/users/new")
        page.go_back()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.close()
    assert not problems
