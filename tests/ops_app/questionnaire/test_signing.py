"""Signatures in forms: nobody signs what he did not see, and what was signed is what is stored."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as FhirResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_app.mechanisms.questionnaire.fhir import questionnaire_resource
from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.mechanisms.questionnaire.signing import HEIGHT, WIDTH, digest, is_drawn_right, path
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.posting import as_fields, moment
from tests.ops_app.questionnaire.test_fill_in import begin, row, version

DRAWN = "40,150 60,120 90,80 120,60;130,60 150,90 170,130 200,150"
ANSWERS = {"procedure": "Bronchoscopy", "risks": "Bleeding", "decision": "agrees"}
SIGNED = {
    "q-signed_by_patient--name": "Aigul",
    "q-signed_by_patient--strokes": DRAWN,
    "q-signed_by_staff--name": "Doctor",
    "q-signed_by_staff--paper": "1",
}


@pytest.fixture(scope="module")
def doctor(clinic: Clinic) -> Browser:
    return clinic.browser("doctor")


def complete(browser: Browser, response_id: int, answers: dict[str, Any], **more: Any) -> Any:
    fields = as_fields(answers) | moment() | {"version": version(browser, response_id)} | more
    return browser.post(f"/questionnaire-responses/{response_id}/complete", fields)


def test_without_a_signature_nothing_is_completed(clinic: Clinic, doctor: Browser) -> None:
    response_id = begin(doctor, clinic.register(), "procedure_consent")
    unsigned = complete(doctor, response_id, ANSWERS)
    assert unsigned.status_code == 422
    assert unsigned.text.count("Sign here, or say that the paper is signed</a>") == 2
    for strokes in ("10,10", "40,150 999,999 1,1 2,2 3,3 4,4 5,5 6,6", "<svg onload=x>"):
        wrong = complete(doctor, response_id, ANSWERS, **SIGNED | {"q-signed_by_patient--strokes": strokes})
        assert wrong.status_code == 422
        assert "more than a dot" in wrong.text
        assert "onload=x&gt;" not in wrong.text.split('data-pad-path d="')[1][:40]
    nameless = complete(doctor, response_id, ANSWERS, **SIGNED | {"q-signed_by_patient--name": " "})
    assert "Write who signs</a>" in nameless.text
    assert row(clinic, response_id).status == "in_progress"


def test_changed_answers_need_a_new_signature(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    response_id = begin(doctor, patient, "procedure_consent")
    page = doctor.get(f"/questionnaire-responses/{response_id}/edit").text
    assert f'value="{patient.family_name}' in page, "who is going to sign is known"
    fields = as_fields(ANSWERS) | SIGNED | {"version": version(doctor, response_id)}
    assert doctor.post(f"/questionnaire-responses/{response_id}/draft", fields).status_code == 200
    sealed = row(clinic, response_id).answers["signed_by_patient"]["sealed"]
    other = complete(doctor, response_id, ANSWERS | {"risks": "None"}, **SIGNED)
    assert other.status_code == 422
    assert "The answers changed after this signature: sign again" in other.text
    assert complete(doctor, response_id, ANSWERS, **SIGNED).status_code == 303
    stored = row(clinic, response_id).answers
    assert stored["signed_by_patient"]["sealed"] == sealed == digest(form(), stored, {})
    corrected = complete(doctor, response_id, ANSWERS | {"risks": "Pain"}, reason="a slip of the pen", **SIGNED)
    assert corrected.status_code == 422, "what is corrected is signed anew"
    anew = SIGNED | {"q-signed_by_patient--strokes": DRAWN.replace("40,150", "41,150")}
    assert (
        complete(doctor, response_id, ANSWERS | {"risks": "Pain"}, reason="a slip of the pen", **anew).status_code
        == 303
    )
    former = doctor.get(f"/questionnaire-responses/{response_id}").text
    assert path(DRAWN) in former, "the former state keeps its own signature"


def form() -> Any:
    return shipped()["procedure_consent"].compiled


def test_a_signature_is_read_printed_and_given_out(clinic: Clinic, doctor: Browser) -> None:
    response_id = begin(doctor, clinic.register(), "procedure_consent")
    assert complete(doctor, response_id, ANSWERS, **SIGNED).status_code == 303
    for page in (f"/questionnaire-responses/{response_id}", f"/questionnaire-responses/{response_id}/print"):
        shown = doctor.get(page).text
        assert path(DRAWN) in shown
        assert "Aigul" in shown
        assert "signed by hand on paper" in shown
    told = doctor.get(f"/questionnaire-responses/{response_id}/fhir").json()
    FhirResponse.model_validate(told)
    items = {item["linkId"]: item for group in told["item"] for item in group["item"]}
    signature = items["signed_by_patient"]["extension"][0]["valueSignature"]
    assert signature["who"]["display"] == "Aigul"
    assert path(DRAWN) in base64.b64decode(signature["data"]).decode()
    assert "data" not in items["signed_by_staff"]["extension"][0]["valueSignature"]
    definition = questionnaire_resource(form())
    FhirQuestionnaire.model_validate(definition)


def test_nobody_signs_in_advance(clinic: Clinic, doctor: Browser) -> None:
    fields = as_fields(ANSWERS) | SIGNED | {"title": "Bronchoscopy"}
    assert doctor.post("/questionnaire-templates/of/procedure_consent", fields).status_code == 303
    page = doctor.get("/questionnaire-templates").text
    url = "/questionnaire-templates/" + page.split("/questionnaire-templates/")[-1].split('"')[0].split("/")[0]
    template = doctor.get(url).text
    assert "Bleeding" in template
    assert DRAWN not in template


place = st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT)).map(lambda each: f"{each[0]},{each[1]}")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(place, min_size=1, max_size=9), min_size=1, max_size=4))
def test_any_drawing_becomes_a_path(strokes: list[list[str]]) -> None:
    written = ";".join(" ".join(stroke) for stroke in strokes)
    assert is_drawn_right(written) == (sum(map(len, strokes)) >= 8)
    assert path(written).count("M") == len(strokes)
