"""Every page of the navigation in a browser: nothing serious for axe-core; light, dark, printed and on a phone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page
from sqlalchemy.orm import Session

from ops_app.auth import cookie_name
from ops_app.modules.accounts import queries, service
from ops_app.permissions import Role
from tests.chromium import running_chromium, serious_findings
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.live import served

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
RULES = """async () => {
  // what follows a change of width is drawn with the next frame, and nobody sees the page before
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth + 1) found.push(`wider than ${page.clientWidth}`);
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (!/^[^·\\s]/.test(document.title)) found.push("no title");
  const shown = document.querySelector("main").innerText;
  for (const code of [/\\b[a-z]+_[a-z_]+\\b/g, /\\b[a-z]+:[a-z]+:[a-z]+\\b/g, /\\b20\\d\\d-\\d\\d-\\d\\d\\b/g]) {
    found.push(...(shown.match(code) || []));
  }
  return found;
}"""
"""What no page may do: scroll sideways, lack its heading or title, show a code or a date of programs."""
CODES_SHOWN = ("/roles", "/exchange", "/imaging", "/devices", "/monitoring/devices", "/jobs", "/journals/inbound")
"""Pages for those who work with the codes themselves."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 768}
ROLES = {
    "boss": Role.ADMINISTRATOR,
    "doctor": None,
    "chief": None,
    "lab": Role.LABORATORY_DOCTOR,
    "rad": Role.RADIOLOGIST,
}
"""Together they see every page; the clinic has its doctor and chief physician already."""
ALSO = (
    "/users/new",
    "/groups/new",
    "/roles/new",
    "/account/password",
    "/account/sessions",
    "/account/place",
    "/releases",
)
OF_A_PATIENT = (
    "",
    "/summary",
    "/identity",
    "/edit",
    "/attachment",
    "/newborn",
    "/facts/contacts/new",
    "/visits/new",
    "/questionnaires",
    "/laboratory",
    "/laboratory/order",
    "/laboratory/blood",
    "/images",
    "/registers",
    "/pregnancy",
    "/dispensary",
    "/programmes",
    "/monitoring",
    "/monitoring/enrol",
    "/documents",
    "/appointments",
    "/personal-data",
    "/consents/new",
    "/representatives/new",
    "/closed-topics",
    "/export",
    "/death",
)
"""Pages of one person that his doctor opens."""
OTHERWISE = ("/", "/users", "/groups")
"""Pages that are looked at in the dark and as print too."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """Axe is injected, which our own policy rightly forbids."""
    with running_chromium() as browser:
        yield browser.new_context(bypass_csp=True, viewport=DESK)


def enter(clinic: Clinic, context: BrowserContext, address: str, login: str) -> None:
    with Session(clinic.app.state.engine) as session:
        account = queries.account_by_login(session, login)
        assert account is not None
        token = service.open_sign_in_session(session, account, "test")
        session.commit()
    context.clear_cookies()
    context.add_cookies([{"name": cookie_name("session"), "value": token, "url": address}])


def look(page: Page, url: str, **media: str) -> list[str]:
    page.emulate_media(**media)  # type: ignore[arg-type]
    if page.url != url:
        answer = page.goto(url, wait_until="domcontentloaded")
        assert answer is not None
        assert answer.status == 200, (url, answer.status)
    return [f"{media or ''} {finding}" for finding in serious_findings(page, TAGS)]


def broken_rules(page: Page, path: str) -> list[str]:
    """What breaks a rule of every page, at a desk and on a phone."""
    found: list[str] = page.evaluate(RULES)
    page.set_viewport_size(PHONE)
    found += page.evaluate(RULES)
    page.set_viewport_size(DESK)
    return [each for each in found if " " in each or not path.startswith(CODES_SHOWN)]


def in_small_size(path: str) -> bool:
    """The start page, a list and a form, and every fifth of the others."""
    return path in OTHERWISE or path == "/users/new" or zlib.crc32(path.encode()) % 5 == 0


def test_no_page_has_a_serious_finding(clinic: Clinic, context: BrowserContext, full_size: bool) -> None:
    for login, role in ROLES.items():
        if role is not None:
            make_account(clinic.app.state.engine, login, [(role, None if login == "boss" else clinic.tree["hospital"])])
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    with served(clinic.app) as address:
        page = context.new_page()
        for login in ROLES:
            enter(clinic, context, address, login)
            page.goto(f"{address}/")
            paths = page.eval_on_selector_all("#nav a", "all => all.map(each => each.getAttribute('href'))")
            paths = [
                "/",
                *paths,
                *(ALSO if login == "boss" else ()),
            ]
            for path in paths:
                if path in seen or not (full_size or in_small_size(path)):
                    continue
                seen.add(path)
                page.goto("about:blank")
                findings = look(page, address + path, media="screen", color_scheme="light")
                findings += broken_rules(page, path)
                if path in OTHERWISE:
                    findings += look(page, address + path, media="screen", color_scheme="dark")
                    findings += look(page, address + path, media="print", color_scheme="light")
                    assert not page.is_visible("#nav")
                if findings:
                    found[path] = findings
        page.close()
    assert len(seen) > (40 if full_size else 7)
    assert not found


def test_no_page_of_a_person_has_a_serious_finding(clinic: Clinic, context: BrowserContext, full_size: bool) -> None:
    patient = clinic.register()
    clinic.visit(patient.id)
    found: dict[str, list[str]] = {}
    with served(clinic.app) as address:
        enter(clinic, context, address, "doctor")
        page = context.new_page()
        for number, each in enumerate(OF_A_PATIENT):
            if not full_size and number % 9:
                continue
            path = f"/patients/{patient.id}{each}"
            findings = look(page, address + path, media="screen", color_scheme="light")
            findings += broken_rules(page, path)
            findings += look(page, address + path, media="screen", color_scheme="dark")
            if not each:
                findings += look(page, address + path, media="print", color_scheme="light")
            if findings:
                found[path] = findings
        page.close()
    assert not found
