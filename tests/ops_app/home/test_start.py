"""The start page: nobody sees a number he may not open; what is new is put away by each for himself."""

from __future__ import annotations

import re

import pytest

from ops_app.modules.home.release_notes import releases
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic

ROLES = (
    Role.ADMINISTRATOR,
    Role.REGISTRAR,
    Role.NURSE,
    Role.DOCTOR,
    Role.DEPARTMENT_HEAD,
    Role.CHIEF_PHYSICIAN,
    Role.OFFICIAL,
    Role.LABORATORY_DOCTOR,
    Role.RADIOLOGIST,
    Role.DATA_OFFICER,
)


@pytest.fixture(scope="module", autouse=True)
def _staff(clinic: Clinic) -> None:
    for role in ROLES:
        make_account(clinic.app.state.engine, f"as.{role}", [(role, clinic.tree["hospital"])])
    make_account(clinic.app.state.engine, "nobody")


def links(browser: Browser) -> set[str]:
    """Addresses of the day on the start page, without the frame around it."""
    main = browser.get("/").text.split('<main id="main"', 1)[1].split("</main>", 1)[0]
    return set(re.findall(r'href="(/[^"]*)"', main))


def counts(browser: Browser) -> dict[str, int]:
    """What the tiles say."""
    found = re.findall(r'<a href="([^"]+)"><span class="day-count">([^<]+)</span>', browser.get("/").text)
    return {address: int(number.replace("\N{NO-BREAK SPACE}", "")) for address, number in found}


def test_stranger_and_account_without_a_role_see_nothing(clinic: Clinic) -> None:
    assert Browser(clinic.app).get("/").headers["location"].startswith("/sign-in")
    assert Browser(clinic.app).get("/releases").status_code == 303
    assert "Your account has no role yet" in clinic.browser("nobody").get("/").text
    assert links(clinic.browser("nobody")) == {"/releases"}


def test_foreign_organisation_is_not_counted(clinic: Clinic) -> None:
    patient = clinic.register()
    clinic.visit(patient.id)
    assert counts(clinic.browser("doctor")) == {"/journals/visits": 1}
    assert "/journals/visits" not in counts(clinic.browser("stranger"))


@pytest.mark.parametrize("role", ROLES)
def test_every_link_of_the_day_opens(clinic: Clinic, role: Role) -> None:
    browser = clinic.browser(f"as.{role}")
    found = links(browser)
    assert found - {"/releases"}, "everybody's day has something to show"
    for address in found:
        assert browser.get(address).status_code == 200, address


@pytest.mark.req("OPS-10")
def test_news_of_a_release_stand_on_the_start_page_until_each_puts_them_away(clinic: Clinic) -> None:
    newest = releases()[0]
    for language, text in (("kk", newest.notes[0].kk), ("ru", newest.notes[0].ru), ("en", newest.notes[0].en)):
        assert text in clinic.browser("nurse", language).get("/").text
    nurse = clinic.browser("nurse")
    assert nurse.post("/releases/99.0.0/dismiss").status_code == 404
    assert nurse.post(f"/releases/{newest.version}/dismiss").status_code == 303
    assert nurse.post(f"/releases/{newest.version}/dismiss").status_code == 303
    assert newest.notes[0].en not in nurse.get("/").text
    assert newest.notes[0].en in nurse.get("/releases").text
    assert newest.notes[0].en in clinic.browser("chief").get("/").text
