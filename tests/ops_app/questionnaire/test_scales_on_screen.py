"""Every complete scale can be filled in for a patient and stores its answers, total and date."""

from __future__ import annotations

import re

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as FhirQuestionnaire

from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.fhir import questionnaire_resource
from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.modules.questionnaires.models import QuestionnaireResponse
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.posting import as_fields, moment

# SCALE rows that name one instrument; those whose wording is protected are switched off and not claimed.
ROWS = {
    "humpty_dumpty": "SCALE-03",
    "four": "SCALE-04",
    "gcs": "SCALE-05",
    "cha2ds2_vasc": "SCALE-06",
    "hunt_hess": "SCALE-07",
    "grace": "SCALE-08",
    "crusade": "SCALE-09",
    "has_bled": "SCALE-10",
    "iss": "SCALE-11",
    "nihss": "SCALE-12",
    "house_brackmann": "SCALE-13",
    "spetzler_martin": "SCALE-14",
    "pain_nrs": "SCALE-15",
    "geneva_revised": "SCALE-22",
    "padua": "SCALE-24",
    "gmfcs_er": "SCALE-25",
    "norton": "SCALE-26",
    "wells_dvt": "SCALE-27",
    "caprini": "SCALE-28",
    "morse": "SCALE-29",
    "who_progression": "SCALE-30",
    "holmes_rahe": "SCALE-31",
    "bps": "SCALE-32",
    "news2": "SCALE-33",
    "quetelet": "SCALE-34",
    "flacc": "SCALE-35",
    "nips": "SCALE-36",
    "dan": "SCALE-37",
    "improve_vte": "SCALE-38",
    "improve_bleeding": "SCALE-39",
}


@pytest.fixture(scope="module")
def doctor(clinic: Clinic) -> Browser:
    return clinic.browser("doctor")


@pytest.fixture(scope="module")
def patient_id(clinic: Clinic) -> int:
    return clinic.register().id


@pytest.mark.parametrize("key", [pytest.param(key, marks=pytest.mark.req(row), id=key) for key, row in ROWS.items()])
def test_a_clinician_completes_the_scale(clinic: Clinic, doctor: Browser, patient_id: int, key: str) -> None:
    example = shipped()[key].compiled.definition.examples[0]
    started = doctor.post(f"/patients/{patient_id}/questionnaires", {"key": key})
    found = re.search(r"/questionnaire-responses/(\d+)", started.headers["location"])
    assert found is not None
    page = doctor.get(f"{found[0]}/edit")
    assert page.status_code == 200
    state = re.search(r'name="version" value="(\d+)"', page.text)
    assert state is not None
    answer = doctor.post(f"{found[0]}/complete", as_fields(dict(example.answers)) | moment() | {"version": state[1]})
    assert answer.status_code == 303, answer.text
    with clinic.session() as session:
        stored = session.get(QuestionnaireResponse, int(found[1]))
    assert stored is not None
    assert stored.score == example.score
    given = {name: float(value) if type(value) is int else value for name, value in example.answers.items()}
    assert stored.answers == given
    assert clock.local(stored.event_at).date() == clock.today()


def test_every_definition_is_a_fhir_questionnaire() -> None:
    for form in shipped().values():
        resource = questionnaire_resource(form.compiled)
        assert FhirQuestionnaire.model_validate(resource).name == form.compiled.definition.id
