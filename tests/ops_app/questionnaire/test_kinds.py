"""Every kind of field: what it refuses at the field, and that page, paper and FHIR tell what was given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as FhirResponse

from ops_app.kit import clock
from ops_app.modules.questionnaires.models import QuestionnaireResponse
from ops_app.modules.visits.models import Observation
from ops_app.permissions import Role
from tests.ops_app.browser import Browser, make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.posting import moment
from tests.ops_app.questionnaire.test_fill_in import begin, row, version

FORM = """\
id: every_kind
version: 1
effective_from: TODAY
kind: form
title: @Everything
sections:
- id: main
  title: @Main
  items:
  - {id: words, type: text, max_length: 20, required: true, label: @Words}
  - {id: pressure, type: number, unit: 'mm[Hg]', min: 60, max: 260, observation: 8480-6, label: @Pressure}
  - {id: weight, type: number, unit: kg, min: 2, max: 300, decimals: 1, required: true, label: @Weight}
  - {id: doubled, type: calculated, unit: kg, decimals: 1, formula: weight * 2, label: @Doubled}
  - {id: ill, type: boolean, label: @Ill}
  - {id: since, type: date, future: false, label: @Since}
  - {id: disease, type: code, system: icd10, label: @Diagnosis}
  - id: state
    type: choice
    label: @State
    options:
    - {value: good, label: @Good}
    - {value: bad, label: @Bad}
  - id: pulses
    type: table
    max_rows: 3
    label: @Pulses
    columns:
    - {id: side, type: text, label: @Side}
    - {id: beats, type: number, unit: /min, min: 20, max: 250, required: true, label: @Beats}
  - id: places
    type: body_map
    label: @Places
    findings:
    - {value: pain, label: @Pain}
  - {id: papers, type: attachment, max_files: 1, max_mb: 1, label: @Papers}
  - {id: signed, type: signature, signer: patient, required: true, label: @Signature}
"""
"""@Words stands for a title in three languages."""
GIVEN = {
    "q-words": "Жөтел <b>",
    "q-pressure": "131",
    "q-weight": "68,5",
    "q-ill": "1",
    "q-since": "01.02.2026",
    "q-disease": "J06.9",
    "q-state": "bad",
    "q-pulses--0--side": "left",
    "q-pulses--0--beats": "72",
    "q-places--0--view": "back",
    "q-places--0--x": "41,5",
    "q-places--0--y": "25",
    "q-places--0--finding": "pain",
    "q-signed--name": "Aigul",
    "q-signed--paper": "1",
}
WRONG = [
    ("q-words", "", "Fill in this field"),
    ("q-words", "x" * 21, "at most 20 characters"),
    ("q-weight", "heavy", "Write a number"),
    ("q-weight", "301", "Must lie between 2 and 300 kg"),
    ("q-weight", "1e2", "Write a number"),
    ("q-pressure", "-131", "Must lie between 60 and 260 mm[Hg]"),
    ("q-since", "31.02.2026", "Write a date"),
    ("q-since", "+3", "lies in the future"),
    ("q-disease", "X99", "The list has no such code on this day: X99"),
    ("q-state", "worse", "Choose one of the listed values"),
    ("q-pulses--0--beats", "400", "Must lie between 20 and 250 /min"),
    ("q-pulses--0--beats", "", "Fill in this field"),
    ("q-places--0--x", "500", "Mark the place on the figure"),
    ("q-places--0--finding", "itch", "Choose one of the listed values"),
    ("q-signed--paper", "", "Sign here"),
    ("q-signed--name", "", "Write who signs"),
]


@pytest.fixture(scope="module")
def doctor(clinic: Clinic) -> Browser:
    make_account(clinic.app.state.engine, "keeper", [(Role.ADMINISTRATOR, None)])
    keeper = clinic.browser("keeper")
    content = re.sub(r"@(\w+)", r"{kk: \1, ru: \1, en: \1}", FORM).replace("TODAY", clock.today().isoformat())
    stored = keeper.post("/questionnaires/new", {"content": content, "step": "store"})
    assert stored.status_code == 303, stored.text
    return clinic.browser("doctor")


@pytest.fixture(scope="module")
def draft(clinic: Clinic, doctor: Browser) -> int:
    """A form that is begun; the card knows a pressure of today."""
    patient = clinic.register()
    clinic.visit(patient.id, systolic=131, diastolic=84)
    return begin(doctor, patient, "every_kind")


def complete(browser: Browser, response_id: int, fields: dict[str, str]) -> Any:
    sent = fields | moment() | {"version": version(browser, response_id)}
    return browser.post(f"/questionnaire-responses/{response_id}/complete", sent)


@pytest.mark.parametrize(("name", "typed", "told"), WRONG, ids=lambda each: str(each)[:24])
def test_a_wrong_answer_is_told_at_its_field(
    clinic: Clinic, doctor: Browser, draft: int, name: str, typed: str, told: str
) -> None:
    refused = complete(doctor, draft, GIVEN | {name: typed})
    assert refused.status_code == 422
    summary = refused.text.split('class="error-summary"')[1].split("</ul>")[0]
    assert summary.count("<li>") == 1, summary
    assert told in summary
    assert row(clinic, draft).status == "in_progress"


def answers_of(items: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for item in items:
        for answer in item.get("answer", []):
            yield item["linkId"], next(iter(answer.values()))
        yield from answers_of(item.get("item", []))


def links(items: list[dict[str, Any]]) -> set[str]:
    return {item["linkId"] for item in items} | {link for item in items for link in links(item.get("item", []))}


def test_what_was_given_is_shown_printed_and_told_in_fhir(clinic: Clinic, doctor: Browser, draft: int) -> None:
    page = doctor.get(f"/questionnaire-responses/{draft}/edit").text
    assert re.search(r'name="q-pressure"[^>]*value="131"', page), "what the card knows is not typed twice"
    pdf = {"file-papers": ("хабарлама.pdf", b"%PDF-1.7\n", "application/pdf")}
    sent = doctor.post(
        f"/questionnaire-responses/{draft}/files/papers", GIVEN | {"version": version(doctor, draft)}, files=pdf
    )
    assert sent.status_code == 303, sent.text
    assert complete(doctor, draft, GIVEN).status_code == 303

    for address in (f"/questionnaire-responses/{draft}", f"/questionnaire-responses/{draft}/print"):
        shown = doctor.get(address).text
        for told in (
            "Жөтел &lt;b&gt;",
            "131",
            "68,5",
            "137,0",
            "01.02.2026",
            "J06.9",
            "Bad",
            "left",
            "72",
            "Pain",
            "хабарлама.pdf",
            "Aigul",
        ):
            assert told in shown, (address, told)

    told = doctor.get(f"/questionnaire-responses/{draft}/fhir").json()
    FhirResponse.model_validate(told)
    given = dict(answers_of(told["item"]))
    code, paper, signature = given.pop("disease"), given.pop("papers"), given.pop("signed")
    assert given == {
        "words": "Жөтел <b>",
        "pressure": 131.0,
        "weight": 68.5,
        "doubled": 137.0,
        "ill": True,
        "since": "2026-02-01",
        "state": {"code": "bad", "display": "Bad"},
        "pulses.side": "left",
        "pulses.beats": 72.0,
        "places.view": "back",
        "places.x": 41.5,
        "places.y": 25.0,
        "places.finding": {"code": "pain", "display": "Pain"},
    }
    assert (code["system"], code["code"]) == ("http://hl7.org/fhir/sid/icd-10", "J06.9")
    assert (paper["title"], paper["contentType"], paper["size"]) == ("хабарлама.pdf", "application/pdf", 9)
    assert doctor.get(paper["url"]).content == b"%PDF-1.7\n"
    assert signature["title"] == "Aigul"
    # whoever reads the answers finds each of them in the definition
    definition = clinic.browser("keeper").get("/questionnaires/every_kind/fhir").json()
    FhirQuestionnaire.model_validate(definition)
    assert links(told["item"]) <= links(definition["item"])
    with clinic.session() as session:
        response = session.get_one(QuestionnaireResponse, draft)
        taken = response.observations["pressure"]
        assert not taken["written"] and session.get_one(Observation, taken["id"]).value_number == 131.0
