"""Reference books: who may load, what a bad file is told, editions with dates, what changed, the past of a code."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ops_app.errors import Invalid
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.classifiers import versions
from ops_app.modules.classifiers.dictionary import FILE, book
from ops_app.modules.classifiers.models import CodeSystemVersion, Concept
from ops_app.modules.classifiers.reading import read
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic

FIRST = "code;title_kk;title_ru;title_en\nT01;Терапия;Терапия;Therapy\nT02;Хирургия;Хирургия;Surgery\n"
SECOND = (
    "code;title_kk;title_ru;title_en\nT01;Терапия;Терапия взрослых;Adult therapy\nT03;Педиатрия;Педиатрия;Paediatrics\n"
)


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["region"])])
    return clinic.browser("keeper")


def load(
    browser: Browser, system: str, version: str, day: dt.date, text: str, step: str = "editions", **more: Any
) -> Any:
    fields = {"version": version, "effective_from": show_date(day), "csrf_token": browser.csrf, **more}
    return browser.client.post(
        f"/code-systems/{system}/{step}",
        data=fields,
        files={"file": ("list.csv", text.encode())},
        follow_redirects=False,
    )


def days_ago(number: int) -> dt.date:
    return clock.today() - dt.timedelta(days=number)


def test_only_an_administrator_enters_books_and_loads_editions(clinic: Clinic, keeper: Browser) -> None:
    for login in ("doctor", "registrar", "chief"):
        browser = clinic.browser(login)
        assert load(browser, "service", "1", days_ago(1), FIRST).status_code == 403
        assert load(browser, "service", "1", days_ago(1), FIRST, "preview").status_code == 403
        new = {"system": "mine", "title_kk": "Тізім", "title_ru": "Список"}
        assert browser.post("/code-systems", new).status_code == 403
        assert browser.get("/code-systems").status_code == 200
    with clinic.session() as session:
        assert session.scalars(select(CodeSystemVersion)).all() == []


@pytest.mark.req("OID-01", "OID-03")
def test_a_book_is_entered_with_its_oid(keeper: Browser) -> None:
    new = {"system": "bed_profile", "title_kk": "Төсек бейіні", "title_ru": "Профиль койки", "source": "ҚР ДСМ-14"}
    wrong = keeper.post("/code-systems", new | {"oid": "1..2"})
    assert wrong.status_code == 422
    assert keeper.post("/code-systems", new | {"oid": "1.2.398.9.1"}).status_code == 303
    assert keeper.post("/code-systems", new).status_code == 422
    listed = keeper.get("/code-systems").text
    assert "1.2.398.9.1" in listed
    assert "2.16.840.1.113883.6.3" in listed, "ICD-10 ships with its own"


@pytest.mark.req("OID-03")
def test_editions_follow_each_other_and_the_past_of_a_code_stays(clinic: Clinic, keeper: Browser) -> None:
    new = {"system": "speciality", "title_kk": "Мамандықтар", "title_ru": "Специальности"}
    assert keeper.post("/code-systems", new).status_code == 303
    bad = load(keeper, "speciality", "2026-1", days_ago(20), "code;title_ru\nT01;\nT02;Б\nT02;В\n")
    assert bad.status_code == 422
    assert "the title in Russian is missing" in bad.text
    assert "T02 stands in the file twice" in bad.text
    assert "There is no column" in load(keeper, "speciality", "1", days_ago(20), "a;b\n1;2\n").text
    assert load(keeper, "speciality", "2026-1", clock.today() + dt.timedelta(days=3), FIRST).status_code == 422
    assert load(keeper, "speciality", "2026-1", days_ago(20), FIRST).status_code == 303
    told = load(keeper, "speciality", "2", days_ago(10), SECOND, "preview", is_complete="1")
    assert "Added: 1, changed: 1, withdrawn: 1" in told.text
    assert load(keeper, "speciality", "2026-1", days_ago(10), SECOND).status_code == 422, "an edition is loaded once"
    assert load(keeper, "speciality", "2026-2", days_ago(30), SECOND).status_code == 422, "never before the last"
    assert load(keeper, "speciality", "2026-2", days_ago(10), SECOND, is_complete="1").status_code == 303
    with clinic.session() as session:
        codes = {row.code: row for row in session.scalars(select(Concept).where(Concept.system == "speciality"))}
        assert (codes["T02"].is_selectable, codes["T03"].is_selectable) == (False, True)
        before = versions.on(session, "speciality", "T01", days_ago(11))
        assert before is not None and before["title_en"] == "Therapy"
        assert versions.on(session, "speciality", "T03", days_ago(11)) is None
        editions = {row.version: row.id for row in versions.editions(session, "speciality")}
    page = keeper.get(f"/code-systems/speciality/codes/T01?day={show_date(days_ago(15))}").text
    assert "Adult therapy" in page and re.search(r"<strong>Therapy</strong>", page)
    assert "withdrawn" in keeper.get("/code-systems/speciality/codes/T02").text
    between = keeper.get(f"/code-systems/speciality/changes?older={editions['2026-1']}&newer={editions['2026-2']}").text
    assert "Adult therapy" in between and "Paediatrics" in between and "withdrawn" in between
    assert keeper.get("/code-systems/speciality?q=T02").status_code == 200
    doctor = clinic.browser("doctor")
    assert "T02" in doctor.get("/code-systems/speciality").text


codes = st.dictionaries(st.sampled_from(["A1", "A2", "A3", "A4"]), st.sampled_from(["x", "y", "z"]), min_size=1)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(lists=st.lists(codes, min_size=2, max_size=4))
def test_the_difference_of_two_complete_editions_is_that_of_their_lists(
    clinic: Clinic, lists: list[dict[str, str]]
) -> None:
    with clinic.session() as session:
        for number, listed in enumerate(lists):
            text = "code,title_ru,title_kk,title_en\n" + "".join(f"{c},{t},{t},{t}\n" for c, t in listed.items())
            rows = read(text.encode()).rows
            day = days_ago(50 - number)
            versions.load(session, None, "atc", f"e{number}", day, rows, content=text.encode(), is_complete=True)
        known = {row.version: row for row in versions.editions(session, "atc")}
        found = versions.difference(session, known["e0"], known[f"e{len(lists) - 1}"])
        first, last = lists[0], lists[-1]
        assert set(found.added) == set(last) - set(first)
        assert set(found.withdrawn) == set(first) - set(last)
        assert {code for code in first if code in last and first[code] != last[code]} == set(found.changed)
        session.rollback()


@pytest.mark.req("OID-05")
def test_the_dictionary_speaks_in_the_words_of_the_orders(clinic: Clinic) -> None:
    declared = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert len(declared["terms"]) == len(book().terms) >= 25
    needed = {"personal_medical_data", "medical_secrecy", "aggregator", "informed_consent", "electronic_medical_record"}
    needed |= {"electronic_health_passport", "digital_medical_card", "wearable", "national_telemedicine_network"}
    assert needed <= {term.id for term in book().terms}
    for term in book().terms:
        assert term.kk and term.ru
        assert term.definition_kk.text or term.definition_ru.text, term.id
    page = clinic.browser("registrar").get("/dictionary").text
    assert "дербес деректерді алуға бағытталған іс-әрекеттер" in page
    assert "№ ҚР ДСМ-30" in page
    assert "aggregator" not in clinic.browser("doctor").get("/dictionary?q=құпиясы").text


@pytest.mark.req("OID-05")
def test_every_definition_stands_in_its_source_letter_by_letter() -> None:
    from tests.shared_data import shared

    folder = shared("").parent / "spec" / "sources"
    texts = [re.sub(r"[\s-]+", "", file.read_text(encoding="utf-8")) for file in folder.glob("*.txt")]
    for term in book().terms:
        for wording in (term.definition_kk, term.definition_ru):
            if wording.text:
                assert any(re.sub(r"[\s-]+", "", wording.text) in text for text in texts), term.id


@pytest.mark.req("OID-03")
def test_every_code_of_an_event_is_of_the_edition_of_its_day(clinic: Clinic, keeper: Browser) -> None:
    head = "code;title_ru;title_en\n"
    for system, code in (("service", "N99.001"), ("atc", "Z99ZZ99"), ("icd10", "U98.1")):
        assert load(keeper, system, "new", days_ago(10), f"{head}{code};Новое;New\n").status_code == 303
    doctor = clinic.browser("doctor", "en")
    for day, offered in ((days_ago(12), False), (days_ago(5), True)):
        for system, code in (("service", "N99.001"), ("atc", "Z99ZZ99"), ("icd10", "U98.1")):
            answer = doctor.get(f"/codes/{system}", params={"q": code, "day": show_date(day)})
            assert answer.status_code == 200
            assert (f'data-value="{code}"' in answer.text) is offered
    patient = clinic.register(birth_date=dt.date(1970, 3, 1))
    rows: dict[str, Any] = {
        "services": {"code": "N99.001"},
        "referrals": {"category": "consultation", "code": "N99.001", "performer_organization_id": clinic.tree["other"]},
        "prescriptions": {"code": "Z99ZZ99", "dosage": "1 × 1"},
    }
    for kind, row in rows.items():
        with pytest.raises(Invalid) as refused:
            clinic.visit(patient.id, date=days_ago(12), **{kind: [row]})
        assert refused.value.field == f"{kind}-0-code"
    clinic.visit(patient.id, date=days_ago(5), **{kind: [row] for kind, row in rows.items()})
    card = {"icd10": "U98.1", "registered_date": show_date(days_ago(12))}
    assert "no such code" in doctor.post(f"/patients/{patient.id}/dispensary", card).text
    card["registered_date"] = show_date(days_ago(4))
    assert doctor.post(f"/patients/{patient.id}/dispensary", card).status_code == 303
    death = {"date": show_date(days_ago(12)), "place": "home", "cause_icd10": "U98.1", "known_date": "today"}
    other = clinic.register(birth_date=dt.date(1950, 3, 1))
    assert "no such code" in doctor.post(f"/patients/{other.id}/death", death).text
    death["date"] = show_date(days_ago(4))
    assert doctor.post(f"/patients/{other.id}/death", death).status_code == 303
