"""Journals: who may not, filters in the address, print, spreadsheet, and the audit of everybody named."""

from __future__ import annotations

import datetime as dt
import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.journal import reading
from ops_app.modules.audit.models import Event
from ops_app.modules.deaths import service as deaths
from ops_app.modules.deaths.forms import DeathForm
from ops_app.modules.patients.models import Patient
from tests.ops_app.clinic import Clinic
from tests.ops_app.episodes.test_registers import pregnancy

TODAY = clock.today()


@pytest.fixture(scope="module")
def seen(clinic: Clinic) -> Patient:
    """A person seen today."""
    patient = clinic.register()
    clinic.visit(patient.id, note="=1+1")
    return patient


def reads(clinic: Clinic, patient_id: int, rule: str) -> int:
    with clinic.session() as session:
        rows = session.scalars(select(Event).where(Event.kind == "read", Event.patient_id == patient_id))
        return sum(row.rule == rule for row in rows)


@pytest.mark.parametrize(
    ("login", "journal"),
    [("registrar", "visits"), ("official", "visits"), ("nurse", "deaths"), ("registrar", "pregnancies")],
)
@pytest.mark.parametrize("form", ["", "/print", "/xlsx"])
def test_who_may_not_read_a_journal(clinic: Clinic, login: str, journal: str, form: str) -> None:
    assert clinic.browser(login).get(f"/journals/{journal}{form}").status_code == 403


def test_another_organisation_sees_none_of_it(clinic: Clinic, seen: Patient) -> None:
    for form in ("", "/print"):
        assert seen.family_name not in clinic.browser("stranger").get(f"/journals/visits{form}").text
    assert reads(clinic, seen.id, "journal visits") == 0


@pytest.mark.req("REP-03", "REP-10", "I18N-01")
@pytest.mark.parametrize(
    ("language", "title"), [("en", "Visits of a day"), ("ru", "Посещения за день"), ("kk", "Күндік")]
)
def test_a_journal_names_people_and_keeps_the_reading(clinic: Clinic, seen: Patient, language: str, title: str) -> None:
    before = reads(clinic, seen.id, "journal visits")
    for form in ("", "/print"):
        page = clinic.browser("doctor", language).get(f"/journals/visits{form}").text
        assert title in page
        assert seen.family_name in page
        assert "J06.9" in page
    assert reads(clinic, seen.id, "journal visits") == before + 2


def test_filters_stand_in_the_address(clinic: Clinic, seen: Patient) -> None:
    browser = clinic.browser("doctor")
    assert seen.family_name in browser.get("/journals/visits?since=today&until=today&class=ambulatory").text
    assert seen.family_name not in browser.get("/journals/visits?since=today&class=home").text
    assert seen.family_name not in browser.get("/journals/visits?until=yesterday").text
    doctor = clinic.practitioners["doctor"]
    assert seen.family_name in browser.get(f"/journals/visits?since=today&doctor={doctor}").text
    assert seen.family_name in browser.get("/journals/visits?sort=-name").text


def test_a_filter_that_cannot_be_understood_says_so_at_its_field(clinic: Clinic) -> None:
    answer = clinic.browser("doctor").get("/journals/visits?since=soon&class=moon")
    assert answer.status_code == 422
    assert "Write a date" in answer.text
    assert "Choose one of the listed values" in answer.text


def test_a_list_without_names_names_nobody_and_needs_no_audit(clinic: Clinic, seen: Patient) -> None:
    before = reads(clinic, seen.id, "journal visits")
    for form in ("", "/print"):
        page = clinic.browser("doctor").get(f"/journals/visits{form}?since=today&names=hide").text
        assert "J06.9" in page
        assert seen.family_name not in page
        assert str(seen.iin) not in page
    assert reads(clinic, seen.id, "journal visits") == before


@pytest.mark.req("REP-05")
def test_the_spreadsheet_holds_the_same_rows_and_is_written_down(clinic: Clinic, seen: Patient) -> None:
    before = reads(clinic, seen.id, "journal visits")
    answer = clinic.browser("doctor").get("/journals/visits/xlsx?since=today&purpose=disease")
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][0] == "Visits of a day"
    assert ["From: " + show_date(TODAY)] in [row[:1] for row in cells]
    [mine] = [row for row in cells if seen.iin in row]
    assert isinstance(mine[0], dt.datetime)
    assert mine[0].date() == TODAY
    assert reads(clinic, seen.id, "journal visits") == before + 1
    with clinic.session() as session:
        exports = session.scalars(select(Event).where(Event.action == "journals:exported")).all()
        assert exports[-1].after is not None and exports[-1].after["journal"] == "visits"


def test_the_register_of_deaths(clinic: Clinic) -> None:
    patient = clinic.register()
    with clinic.session() as session:
        form = DeathForm.model_validate({"date": TODAY, "known_date": TODAY, "place": "home", "cause_icd10": "I21.0"})
        actor = clinic.actor(session, "doctor")
        deaths.register_death(session, actor, patient.id, form, clinic.place(session, "doctor"))
    page = clinic.browser("registrar").get("/journals/deaths")
    assert patient.family_name in page.text
    assert "I21.0 Acute myocardial infarction" in page.text
    assert patient.family_name not in clinic.browser("registrar").get("/journals/deaths?place=hospital").text
    assert patient.family_name not in clinic.browser("stranger").get("/journals/deaths").text


@pytest.mark.req("PREG-04")
def test_pregnant_women_on_the_register(clinic: Clinic) -> None:
    patient = clinic.register()
    card = pregnancy(clinic, patient.id, 20, risk_level="high")
    browser = clinic.browser("nurse")
    page = browser.get("/journals/pregnancies?risk=high").text
    assert patient.family_name in page
    assert show_date(card.due_date) in page
    assert patient.family_name not in browser.get("/journals/pregnancies?risk=low").text
    paper = browser.get("/journals/pregnancies/print").text
    assert 'class="list many"' in paper, "eleven columns lie across the paper"
    assert "Medical secrecy" in paper and "(nurse)" in paper
    assert patient.family_name not in browser.get("/journals/pregnancies?state=finished").text


def test_every_journal_opens_empty_in_the_navigation(clinic: Clinic) -> None:
    page = clinic.browser("stranger").get("/journals/visits").text
    assert "Nothing fits these filters" in page
    for name in ("visits", "deaths", "pregnancies"):
        assert f"/journals/{name}" in page


def test_paper_and_spreadsheet_hold_what_the_screen_shows(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order that was asked for, with every row of every page; a page that is gone shows the last one."""
    for family in ("Ахметова", "Борисова", "Волкова"):
        clinic.visit(clinic.register(family_name=family).id)
    browser = clinic.browser("doctor")
    for asked in ("sort=name", "sort=-name"):
        address = f"/journals/visits?since=today&until=today&{asked}"
        shown = re.findall(r">(Ахметова|Борисова|Волкова)", browser.get(address).text)
        assert shown == sorted(shown, reverse=asked.endswith("-name"))
        assert len(shown) == 3
        assert re.findall(r">(Ахметова|Борисова|Волкова)", browser.get(address.replace("?", "/print?")).text) == shown
        book = openpyxl.load_workbook(io.BytesIO(browser.get(address.replace("?", "/xlsx?")).content)).active
        names = [str(row[1]).split()[0] for row in book.iter_rows(values_only=True) if row[1] is not None]
        assert [name for name in names if name in shown] == shown
    page = browser.get("/journals/visits?since=today&until=today&sort=name&page=9").text
    assert "Волкова" in page
    assert '<input type="hidden" name="sort" value="name">' in page
    assert "rows are printed" not in browser.get("/journals/visits/print?since=today").text
    monkeypatch.setattr(reading, "PRINT_LIMIT", 2)
    cut = browser.get("/journals/visits/print?since=today&sort=name").text
    assert "Only the first 2 rows are printed" in cut
    assert "Ахметова" in cut
    assert "Волкова" not in cut
