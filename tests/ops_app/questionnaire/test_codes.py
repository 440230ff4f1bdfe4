"""Codes of classifiers in forms: what is refused, what is kept of the edition, how each language reads it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as FhirResponse

from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.classifiers.test_books import load
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.test_fill_in import begin, complete, row, version

TODAY = clock.today()
NOTICE = {"diagnosis": "J06.9", "fell_ill": show_date(TODAY - dt.timedelta(days=3)), "found_on": show_date(TODAY)}
BOOK = "code;title_kk;title_ru;title_en\n{code};{kk};{ru};{en}\nT09;Басқа;Другое;Other\n"
FORM = """\
id: with_codes
version: 1
effective_from: {today}
kind: form
title: {{kk: Кодтармен, ru: С кодами, en: With codes}}
sections:
- id: main
  title: {{kk: Негізгі, ru: Основное, en: Main}}
  items:
  - {{id: profile, type: code, system: {book}, label: {{kk: Бейін, ru: Профиль, en: Profile}}}}
  - {{id: why, type: text, visible: profile == 'T01', label: {{kk: Неге, ru: Почему, en: Why}}}}
"""


@pytest.fixture(scope="module")
def doctor(clinic: Clinic) -> Browser:
    return clinic.browser("doctor")


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return clinic.register()


@pytest.fixture(scope="module")
def keeper(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, clinic.tree["region"])])
    return clinic.browser("keeper")


@pytest.mark.parametrize("code", ["X99", "I", "C10AA05", "гипертон"])
def test_what_the_book_does_not_offer_is_refused(clinic: Clinic, doctor: Browser, patient: Patient, code: str) -> None:
    response_id = begin(doctor, patient, "infection_notice")
    fresh = doctor.get(f"/questionnaire-responses/{response_id}/edit").text
    assert 'name="q-diagnosis--typed" value=""' in fresh, "nothing stands in an empty field"
    answer = complete(doctor, response_id, NOTICE | {"diagnosis": code})
    assert answer.status_code == 422
    assert 'href="#f-q-diagnosis">The list has no such code on this day' in answer.text
    letters = complete(doctor, response_id, NOTICE | {"diagnosis": "", "diagnosis--typed": code})
    assert 'href="#f-q-diagnosis">Choose a code from the list' in letters.text
    assert f'name="q-diagnosis--typed" value="{code}"' in letters.text, "what was typed stays"
    assert row(clinic, response_id).status == "in_progress"


def test_titles_and_editions_are_never_taken_from_the_browser(
    clinic: Clinic, doctor: Browser, patient: Patient
) -> None:
    response_id = begin(doctor, patient, "infection_notice")
    forged = {"title": "Healthy", "version": "1", "system": "kato"}
    fields = NOTICE | {f"diagnosis--{name}": value for name, value in forged.items()}
    assert complete(doctor, response_id, fields).status_code == 303
    assert row(clinic, response_id).answers["diagnosis"]["title"]["en"] == "Acute upper respiratory infection"
    assert row(clinic, response_id).answers["diagnosis"]["system"] == "icd10"


@pytest.mark.req("OID-02", "I18N-01")
def test_a_code_is_kept_with_its_book_and_read_in_each_language(
    clinic: Clinic, doctor: Browser, patient: Patient
) -> None:
    response_id = begin(doctor, patient, "infection_notice")
    contacts = {
        "contact_list--0--who": "мать",
        # typed in full and not chosen, with Cyrillic letters of the same shape
        "contact_list--0--finding--typed": "і10",
    }
    assert complete(doctor, response_id, NOTICE | {"settlement": "275030100"} | contacts).status_code == 303
    answers = row(clinic, response_id).answers
    assert answers["settlement"]["code"] == "275030100"
    assert answers["contact_list"][0]["finding"]["code"] == "I10"
    for language, title in (("kk", "ЖРВИ"), ("ru", "ОРВИ"), ("en", "Acute upper respiratory infection")):
        browser = clinic.browser("doctor", language)
        for page in ("", "/print"):
            shown = browser.get(f"/questionnaire-responses/{response_id}{page}").text
            assert f"J06.9 {title}" in shown
        edited = browser.get(f"/questionnaire-responses/{response_id}/edit").text
        assert f'value="J06.9 {title}"' in edited
    told = FhirResponse.model_validate(doctor.client.get(f"/questionnaire-responses/{response_id}/fhir").json())
    coding = told.item[0].item[0].answer[0].valueCoding
    assert (coding.system, coding.code) == ("http://hl7.org/fhir/sid/icd-10", "J06.9")
    assert coding.display == "Acute upper respiratory infection"


def test_a_definition_names_a_book_that_is_there(keeper: Browser) -> None:
    content = FORM.format(today=TODAY.isoformat(), book="nowhere")
    refused = keeper.post("/questionnaires/new", {"content": content, "step": "preview"})
    assert refused.status_code == 422
    assert "profile › system: There is no reference book with this short name: nowhere" in refused.text


@pytest.mark.req("OID-03")
def test_the_edition_of_the_day_counts(clinic: Clinic, keeper: Browser, doctor: Browser) -> None:
    patient = clinic.register()
    new = {"system": "bed_profile", "title_kk": "Төсек бейіні", "title_ru": "Профиль койки", "oid": "1.2.398.9.1"}
    assert keeper.post("/code-systems", new).status_code == 303
    was, became = TODAY - dt.timedelta(days=30), TODAY - dt.timedelta(days=2)
    first = BOOK.format(code="T01", kk="Терапия", ru="Терапия", en="Therapy")
    second = BOOK.format(code="T02", kk="Хирургия", ru="Хирургия", en="Surgery")
    assert load(keeper, "bed_profile", "1", was, first).status_code == 303
    assert load(keeper, "bed_profile", "2", became, second, is_complete="1").status_code == 303

    def offered(text: str, day: dt.date) -> list[str]:
        answer = doctor.client.get("/api/codes/bed_profile", params={"q": text, "day": show_date(day)})
        return sorted(found["code"] for found in answer.json())

    before = became - dt.timedelta(days=1)
    assert offered("тера", before) == ["T01"]
    assert offered("тера", TODAY) == []
    assert offered("T0", TODAY) == ["T02", "T09"]
    assert offered("T0", before) == ["T01", "T09"]

    content = FORM.format(today=TODAY.isoformat(), book="bed_profile")
    assert keeper.post("/questionnaires/new", {"content": content}).status_code == 303
    exported = FhirQuestionnaire.model_validate(keeper.client.get("/questionnaires/with_codes/fhir").json())
    assert exported.item[0].item[0].type == "choice"
    assert exported.item[0].item[0].answerValueSet.endswith("/ValueSet/bed-profile")

    response_id = begin(doctor, patient, "with_codes")
    assert complete(doctor, response_id, {"profile": "T01"}).status_code == 422
    answers: dict[str, Any] = {"profile": "T01", "why": "a formula knows the code"}
    assert complete(doctor, response_id, answers, date=show_date(before)).status_code == 303
    stored = row(clinic, response_id).answers
    assert stored["profile"]["version"] == "1"
    assert stored["profile"]["title"]["ru"] == "Терапия"
    assert stored["why"]
    told = doctor.client.get(f"/questionnaire-responses/{response_id}/fhir").json()
    coding = told["item"][0]["item"][0]["answer"][0]["valueCoding"]
    assert (coding["system"], coding["version"]) == ("urn:oid:1.2.398.9.1", "1")


def test_a_template_and_a_draft_keep_codes(clinic: Clinic, doctor: Browser, patient: Patient) -> None:
    kept = doctor.post("/questionnaire-templates/of/infection_notice", {"title": "Грипп", "q-diagnosis": "J06.9"})
    assert kept.status_code == 303
    template = doctor.get("/questionnaire-templates").text.split("/questionnaire-templates/")
    number = next(part.split('"')[0] for part in template if part.split('"')[0].isdigit())
    response_id = begin(doctor, patient, "infection_notice", template_id=number)
    assert row(clinic, response_id).answers["diagnosis"]["title"]["ru"] == "ОРВИ"
    draft = {"version": version(doctor, response_id), "q-diagnosis": "I10", "q-settlement--typed": "қара"}
    assert doctor.post(f"/questionnaire-responses/{response_id}/draft", draft).status_code == 200
    assert row(clinic, response_id).answers["diagnosis"]["title"]["en"] == "Essential hypertension"
    assert 'value="қара"' in doctor.get(f"/questionnaire-responses/{response_id}/edit").text
