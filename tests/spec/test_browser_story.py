"""From the doctor's screen to the official's list, through the whole system, in a browser."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.chromium import running_chromium
from tests.gate.people import iin_for
from tests.installation import ROOT, free_port_base
from tests.spec.conftest import District

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

FAMILY, GIVEN = "Сынақбаева", "Жансая"


@pytest.fixture(scope="module")
def address(district: District) -> Iterator[str]:
    """The operational app of the district as its own process."""
    port = free_port_base()
    app = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "ops_app.app:served_app", "--factory", "--port", str(port)],
        cwd=ROOT,
        env=district.installation.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait(30)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with running_chromium() as browser:
        yield browser


def sign_in(chromium: Any, address: str, district: District, who: str, language: str = "kk") -> Any:
    accounts = json.loads((district.installation.home / "secrets" / "demo_accounts.json").read_text())
    page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{address}/sign-in")
    page.fill("input[name=login]", who)
    page.fill("input[name=password]", accounts[who]["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    return page


def new_iin() -> str:
    return next(iin for serial in range(7000, 7100) if (iin := iin_for("970505", 4, serial)))


def register(page: Any, address: str) -> str:
    """Register a woman by her IIN; her birth date and sex fill themselves in. Returns the card's address."""
    from playwright.sync_api import expect

    page.goto(f"{address}/patients/new")
    page.fill("#f-iin", new_iin())
    expect(page.locator("#f-birth_date")).to_have_value("05.05.1997")
    assert page.locator("#f-sex").input_value() == "female"
    page.fill("#f-family_name", FAMILY)
    page.fill("#f-given_name", GIVEN)
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: url.split("?")[0].rsplit("/", 1)[-1].isdigit() or "identity" in url)
    return str(page.url.split("?")[0].removesuffix("/identity"))


def record_pregnancy_and_visit(page: Any, card: str) -> None:
    today = dt.datetime.now(dt.UTC).date()
    page.goto(f"{card}/pregnancy")
    page.fill("#f-lmp_date", (today - dt.timedelta(weeks=9)).strftime("%d.%m.%Y"))
    page.locator("input[name=risk_level][value=low]").check()
    page.locator("[data-submit]").click()
    page.wait_for_load_state()
    assert page.locator(".error-summary").count() == 0, page.locator(".error-summary").inner_text()
    page.goto(f"{card}/visits/new")
    page.fill("#f-systolic", "118")
    page.fill("#f-diastolic", "76")
    page.fill("#f-diagnoses-0-icd10", "Z34")
    page.locator("#l-diagnoses-0-icd10 [role=option]").first.click()
    page.locator("[data-submit]").click()
    page.wait_for_load_state()
    assert page.locator(".error-summary").count() == 0, page.locator(".error-summary").inner_text()


@pytest.mark.req("REG-02", "REG-04", "REG-06", "CARD-01", "CARD-07", "MAT-10", "SIG-01", "SIG-08", "DWH-12", "I18N-01")
def test_a_visit_becomes_a_signal_in_kazakh(district: District, address: str, chromium: Any) -> None:
    doctor = sign_in(chromium, address, district, "doctor")
    card = register(doctor, address)
    record_pregnancy_and_visit(doctor, card)
    doctor.goto(card)
    assert FAMILY in doctor.content()
    assert "Z34" in doctor.content()
    assert "118" in doctor.content()

    before = {row["case_id"] for row in district.ask("signals", "list", "MAT-10")}
    district.ask("pipeline", "run")
    fresh = [row for row in district.ask("signals", "list", "MAT-10") if row["case_id"] not in before]
    assert [row["state"] for row in fresh] == ["open"], fresh
    case = fresh[0]["case_id"]

    doctor.goto(f"{address}/my-day?place=all")
    assert FAMILY in doctor.content()
    official = sign_in(chromium, address, district, "official")
    official.goto(f"{address}/signals?code=MAT-10&state=open")
    assert case in official.content()
    official.goto(f"{address}/signals/cases/{case}")
    official.locator("input[name=reason]").first.check()
    official.locator("[data-submit]").click()
    official.locator("input[name=decision][value=accepted]").check()
    official.locator("[data-submit]").click()
    official.wait_for_load_state()
    for page in (official.content(),):
        assert FAMILY not in page
        assert GIVEN not in page
    doctor.goto(f"{address}/my-day?place=all")
    assert "қабылданды" in doctor.content()


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize(("language", "words"), [("ru", "Мой день"), ("en", "My day")])
def test_the_same_pages_in_other_languages(
    district: District, address: str, chromium: Any, language: str, words: str
) -> None:
    doctor = sign_in(chromium, address, district, "doctor")
    doctor.locator(f"[lang={language}], [hreflang={language}]").first.click()
    doctor.wait_for_load_state()
    doctor.goto(f"{address}/my-day?place=all")
    assert words in doctor.content()
    doctor.goto(f"{address}/patients?q=Серик")
    assert doctor.locator("table.list tbody tr").count() > 0
