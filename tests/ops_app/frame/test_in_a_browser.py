"""The frame in a real browser: no serious accessibility finding, keys work, nothing breaks the CSP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from ops_app.modules.organizations.models import Location
from ops_app.permissions import Role
from tests.chromium import running_chromium, serious_findings
from tests.ops_app.browser import PASSWORD, make_account
from tests.ops_app.clinic import Clinic
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
        # Esc closes a menu too, and whoever opened it stands where he was
        page.locator("details.menu summary").last.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.menu[open]").count() == 1
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        assert page.locator("details.menu[open]").count() == 0
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        page.goto(f"{address}/users")
        page.keyboard.press("n")
        page.wait_for_url("**/users/new")
        page.keyboard.press("Control+Enter")
        # the errors stand in the order of the page, and the first leads to the first field
        page.wait_for_selector(".error-summary:focus")
        told = page.eval_on_selector_all(".error-summary a", "all => all.map(each => each.hash.slice(1))")
        fields = page.eval_on_selector_all("main form [id^=f-]", "all => all.map(each => each.id)")
        assert told == sorted(told, key=fields.index)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == told[0]
        # chromium itself notes that the form was refused
        problems[:] = [each for each in problems if "422" not in each]
        page.goto(f"{address}/users")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.close()
    assert not problems


def test_the_palette_finds_places_and_the_last_act_is_undone_by_a_key(
    app: FastAPI, tree: dict[str, int], chromium: Browser
) -> None:
    with Session(app.state.engine) as session:
        names = {"name_kk": "Егу бөлмесі", "name_ru": "Прививочный кабинет", "name_en": "Vaccination room"}
        session.add(Location(organization_id=tree["hospital"], kind="room", **names))
        session.commit()
    make_account(app.state.engine, "boss", [(Role.ADMINISTRATOR, None)], language="kk")
    helper = make_account(app.state.engine, "helper", [(Role.NURSE, tree["hospital"])])
    with served(app) as address:
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        sign_in(page, address, "boss")
        page.keyboard.press("Control+k")
        page.keyboard.type("прививоч")
        page.wait_for_selector("#palette-list [data-place]")
        told = page.locator("#palette-list [data-place]")
        assert told.inner_text().split("\n")[0].startswith("Егу бөлмесі")
        assert page.evaluate("document.getElementById('palette-input').getAttribute('aria-activedescendant')")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/places/{tree['hospital']}#room-1")
        # what was done last is said in a live region and taken back by one key
        page.goto(f"{address}/users/{helper.id}")
        take = page.locator(f"form[action*='/users/{helper.id}/roles/'] button").first
        take.click()
        page.wait_for_selector("#toasts[role=status] [data-undo]")
        assert page.locator(f"form[action$='/take'][action*='/users/{helper.id}/roles/']").count() == 0
        page.keyboard.press("z")
        page.wait_for_selector(f"form[action$='/take'][action*='/users/{helper.id}/roles/']")
        page.locator("[data-close-toast]").click()
        assert page.locator(".toast-line").count() == 0
        page.close()


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_tabs_stay_on_one_row(clinic: Clinic, chromium: Browser, language: str) -> None:
    patient = clinic.register()
    engine = clinic.app.state.engine
    make_account(engine, f"wide-{language}", [(Role.CHIEF_PHYSICIAN, clinic.tree["hospital"])], language=language)
    with served(clinic.app) as address:
        page = chromium.new_page(viewport={"width": 1366, "height": 768})
        sign_in(page, address, f"wide-{language}")
        for width in (1366, 900, 390):
            page.set_viewport_size({"width": width, "height": 768})
            page.goto(f"{address}/patients/{patient.id}/identity")
            page.wait_for_timeout(200)
            tops = page.eval_on_selector_all(
                ".tabs > a", "links => links.map(link => Math.round(link.getBoundingClientRect().top))"
            )
            assert tops, "the chief physician sees tabs"
            assert len(set(tops)) == 1
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.locator(".tabs > a[aria-current]").is_visible()
        # what does not fit is reached by keys, and the menu shows all of it
        page.set_viewport_size({"width": 900, "height": 768})
        page.wait_for_selector(".tabs-more:not([hidden])")
        page.locator(".tabs-more summary").press("Enter")
        last = page.locator(".tabs-more .menu-body a").last
        assert last.is_visible()
        last.press("Escape")
        assert not last.is_visible()
        page.close()
