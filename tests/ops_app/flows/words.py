"""What a page says, in the language of its reader."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from ops_app.i18n import translations
from tests.ops_app.flows.conftest import Desk

# the same patience as for clicks: a crowded machine is no failure
expect.set_options(timeout=15_000)


def said(desk: Desk, text: str, **values: Any) -> str:
    """The text of the catalogues as this desk reads it."""
    found = translations(desk.language).gettext(text)
    return found % values if values else found


def expect_refused(desk: Desk, page: Page, text: str, **values: Any) -> None:
    """The summary of errors stands on the page and says so."""
    expect(page.locator(".error-summary")).to_contain_text(said(desk, text, **values))


def refused(page: Page, address: str) -> None:
    """The page refuses its reader, and says so on a page of its own."""
    answer = page.goto(address)
    assert answer is not None and answer.status == 403
    expect(page.locator("h1")).to_be_visible()


def form_of(page: Page, action: str) -> Locator:
    """The form that is sent to an address ending so."""
    return page.locator(f'form[action$="{action}"]')
