"""Filling in a form for a patient: who may, what is kept, what is refused, what it becomes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as FhirResponse
from sqlalchemy import select

from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from ops_app.modules.questionnaires.models import QuestionnaireResponse, QuestionnaireVersion, ResponseRevision
from ops_app.modules.visits.models import Observation
from tests.ops_app.browser import Browser
from tests.ops_app.clinic import Clinic
from tests.ops_app.questionnaire.posting import as_fields, moment

GCS = {"eye": "3", "verbal": "4", "motor": "5"}
VITALS = {"systolic": 120, "diastolic": 75, "pulse": 70, "consciousness": "clear", "pain": 0}


@pytest.fixture(scope="module")
def patient(clinic: Clinic) -> Patient:
    return clinic.register()


@pytest.fixture(scope="module")
def doctor(clinic: Clinic) -> Browser:
    return clinic.browser("doctor")


def begin(browser: Browser, patient: Patient, key: str, **more: Any) -> int:
    """Begin a form; its number."""
    answer = browser.post(f"/patients/{patient.id}/questionnaires", {"key": key, **more})
    assert answer.status_code == 303, answer.text
    found = re.search(r"/questionnaire-responses/(\d+)/edit", answer.headers["location"])
    assert found is not None
    return int(found[1])


def version(browser: Browser, response_id: int) -> str:
    """The state the page holds."""
    page = browser.get(f"/questionnaire-responses/{response_id}/edit")
    assert page.status_code == 200
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found is not None
    return found[1]


def complete(browser: Browser, response_id: int, answers: dict[str, Any], **more: Any) -> Any:
    """Post the whole form."""
    fields = as_fields(answers) | moment() | {"version": version(browser, response_id)} | more
    return browser.post(f"/questionnaire-responses/{response_id}/complete", fields)


def row(clinic: Clinic, response_id: int) -> QuestionnaireResponse:
    with clinic.session() as session:
        found = session.get(QuestionnaireResponse, response_id)
        assert found is not None
        return found


def test_strangers_and_clerks_fill_in_nothing(clinic: Clinic, patient: Patient, doctor: Browser) -> None:
    response_id = begin(doctor, patient, "gcs")
    for login in ("registrar", "stranger", "official"):
        other = clinic.browser(login)
        assert other.post(f"/patients/{patient.id}/questionnaires", {"key": "gcs"}).status_code == 403
        assert other.get(f"/questionnaire-responses/{response_id}").status_code == 403
        assert other.get(f"/questionnaire-responses/{response_id}/fhir").status_code == 403
        assert other.post(f"/questionnaire-responses/{response_id}/draft", {"version": "1"}).status_code == 403
    chief = clinic.browser("chief")
    assert chief.get(f"/questionnaire-responses/{response_id}").status_code == 200
    assert chief.post(f"/questionnaire-responses/{response_id}/complete", as_fields(GCS)).status_code == 403


def test_reading_and_writing_leave_audit_rows(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    response_id = begin(doctor, patient, "gcs")
    complete(doctor, response_id, GCS)
    doctor.get(f"/questionnaire-responses/{response_id}")
    with clinic.session() as session:
        events = session.scalars(select(Event).where(Event.patient_id == patient.id)).all()
    told = {(event.kind, event.action) for event in events}
    assert {
        ("write", "questionnaires:start"),
        ("write", "questionnaires:complete"),
        ("read", "questionnaires:edit"),
        ("read", "questionnaires:response"),
    } <= told


@pytest.mark.req("SCALE-01", "SCALE-05")
def test_a_scale_is_scored_and_shown_as_a_trend(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    for answers, score in ((GCS, 12.0), ({"eye": "4", "verbal": "5", "motor": "6"}, 15.0)):
        response_id = begin(doctor, patient, "gcs")
        assert complete(doctor, response_id, answers).status_code == 303
        stored = row(clinic, response_id)
        assert (stored.status, stored.score, stored.answers) == ("completed", score, answers)
        assert stored.recorded_by == "doctor"
        assert stored.completed_at is not None
    page = doctor.get(f"/questionnaire-responses/{response_id}")
    assert "Normal" in page.text
    listed = doctor.get(f"/patients/{patient.id}/questionnaires")
    assert listed.text.count("Glasgow Coma Scale</a>") == 2
    trend = doctor.get(f"/patients/{patient.id}/questionnaires/gcs/trend")
    assert trend.text.count('r="4"') == 2
    assert "Moderate" in trend.text and "Normal" in trend.text


def test_what_is_missing_or_wrong_is_said_at_its_field(clinic: Clinic, patient: Patient) -> None:
    nurse = clinic.browser("nurse")
    response_id = begin(nurse, patient, "nurse_assessment")
    answer = complete(nurse, response_id, VITALS | {"systolic": 400, "pulse": "many", "consciousness": "other"})
    assert answer.status_code == 422
    assert 'href="#f-q-systolic">Must lie between 60 and 260 mm[Hg]' in answer.text
    assert 'href="#f-q-pulse">Write a number' in answer.text
    assert 'href="#f-q-consciousness">Choose one of the listed values' in answer.text
    assert 'value="many"' in answer.text
    assert row(clinic, response_id).status == "in_progress"
    answer = complete(nurse, response_id, VITALS | {"systolic": 70, "diastolic": 90})
    assert answer.status_code == 422
    assert "The diastolic pressure must be lower than the systolic" in answer.text


def test_russian_and_kazakh_see_their_words(clinic: Clinic, patient: Patient, doctor: Browser) -> None:
    response_id = begin(doctor, patient, "gcs")
    for language, title in (("kk", "Глазго кома шкаласы"), ("ru", "Шкала комы Глазго")):
        assert title in clinic.browser("doctor", language).get(f"/questionnaire-responses/{response_id}/edit").text


@pytest.mark.req("EXAM-01")
def test_what_the_card_knows_is_not_typed_twice(clinic: Clinic) -> None:
    patient = clinic.register()
    clinic.visit(patient.id, systolic=131, diastolic=84)
    nurse = clinic.browser("nurse")
    response_id = begin(nurse, patient, "nurse_assessment")
    page = nurse.get(f"/questionnaire-responses/{response_id}/edit").text
    assert re.search(r'name="q-systolic" value="131"', page)
    assert "from the card" in page
    answer = complete(nurse, response_id, VITALS | {"systolic": 131, "diastolic": 84, "pulse": 66, "height": 170})
    assert answer.status_code == 303, answer.text
    with clinic.session() as session:
        known = session.scalars(select(Observation).where(Observation.patient_id == patient.id)).all()
    by_code = {found.code: (found.value_number, found.unit, found.recorded_by) for found in known}
    assert len(known) == 4, "the pressure of the visit stays the only one"
    assert by_code["8867-4"] == (66.0, "/min", "nurse")
    assert by_code["8302-2"] == (170.0, "cm", "nurse")
    assert by_code["8480-6"][2] == "doctor"
    assert "66" in doctor_card(clinic, patient)


def doctor_card(clinic: Clinic, patient: Patient) -> str:
    return str(clinic.browser("doctor").get(f"/patients/{patient.id}").text)


def test_a_draft_keeps_what_was_typed_and_notices_another_editor(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    response_id = begin(doctor, patient, "nurse_assessment")
    state = version(doctor, response_id)
    saved = doctor.post(
        f"/questionnaire-responses/{response_id}/draft", {"version": state, "q-pulse": "7x", "q-note": "слабость"}
    )
    assert saved.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d", saved.json()["at"])
    page = doctor.get(f"/questionnaire-responses/{response_id}/edit").text
    assert 'value="7x"' in page
    assert "слабость" in page
    late = doctor.post(
        f"/questionnaire-responses/{response_id}/draft",
        {"version": state, "q-note": "other"},
        headers={"accept": "application/json"},
    )
    assert late.status_code == 409
    assert begin(doctor, patient, "nurse_assessment") == response_id, "an unfinished form is opened again"
    assert doctor.post(f"/questionnaire-responses/{response_id}/discard").status_code == 303
    assert begin(doctor, patient, "nurse_assessment") != response_id


def test_a_correction_keeps_the_former_state(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    response_id = begin(doctor, patient, "gcs")
    complete(doctor, response_id, GCS)
    refused = complete(doctor, response_id, GCS | {"motor": "6"})
    assert refused.status_code == 422
    assert "Say why the form is corrected" in refused.text
    assert complete(doctor, response_id, GCS | {"motor": "6"}, reason="looked again").status_code == 303
    stored = row(clinic, response_id)
    assert (stored.status, stored.revision, stored.score) == ("amended", 2, 13.0)
    with clinic.session() as session:
        former = session.scalars(select(ResponseRevision).where(ResponseRevision.response_id == response_id)).one()
    assert (former.revision, former.score, former.answers, former.reason) == (1, 12.0, GCS, "looked again")
    page = doctor.get(f"/questionnaire-responses/{response_id}").text
    assert "looked again" in page
    assert "Before: revision 1" in page


def test_an_error_strikes_its_measurements_too(clinic: Clinic) -> None:
    patient = clinic.register()
    nurse = clinic.browser("nurse")
    response_id = begin(nurse, patient, "nurse_assessment")
    complete(nurse, response_id, VITALS)
    assert nurse.post(f"/questionnaire-responses/{response_id}/error", {"reason": "no"}).status_code == 422
    assert nurse.post(f"/questionnaire-responses/{response_id}/error", {"reason": "wrong person"}).status_code == 303
    assert row(clinic, response_id).entered_in_error_reason == "wrong person"
    with clinic.session() as session:
        known = session.scalars(select(Observation).where(Observation.patient_id == patient.id)).all()
    assert known
    assert all(found.entered_in_error_at is not None for found in known)
    assert nurse.post(f"/questionnaire-responses/{response_id}/error", {"reason": "again wrong"}).status_code == 409
    assert complete_refused(nurse, response_id)


def complete_refused(browser: Browser, response_id: int) -> bool:
    answer = browser.post(f"/questionnaire-responses/{response_id}/complete", moment() | {"version": "1"})
    return bool(answer.status_code == 422)


@pytest.mark.req("DOC-20", "DOC-36")
def test_a_record_is_printed_with_its_version(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    visit = clinic.visit(patient.id)
    assert f"?encounter={visit.id}" in doctor.get(f"/visits/{visit.id}").text
    response_id = begin(doctor, patient, "therapist_examination", encounter_id=str(visit.id))
    answers = {
        "complaints": "Кашель, слабость",
        "onset": "20.11.2026",
        "risk_factors": ["smoking", "alcohol"],
        "cigarettes": 10,
        "smoking_years": 20,
        "general": "satisfactory",
        "systems": {"lungs": {"state": "changed", "finding": "хрипы"}},
        "places": [{"view": "back", "x": 41.5, "y": 25, "finding": "pain", "note": "слева"}],
        "conclusion_text": "ОРВИ",
    }
    answer = complete(doctor, response_id, answers)
    assert answer.status_code == 303, answer.text
    assert row(clinic, response_id).encounter_id == visit.id
    paper = doctor.get(f"/questionnaire-responses/{response_id}/print").text
    for told in (
        "Therapist&#39;s examination",
        "Кашель, слабость",
        "хрипы",
        "shoulder blade, left",
        "10,0",
        "version 1",
    ):
        assert told in paper, told
    resource = doctor.get(f"/questionnaire-responses/{response_id}/fhir").json()
    checked = FhirResponse.model_validate(resource)
    assert checked.status == "completed"
    assert resource["encounter"]["reference"] == f"Encounter/{visit.id}"


@pytest.mark.req("EXAM-02", "EXAM-03", "EXAM-04", "EXAM-05")
def test_oncological_sheet_marks_pathology_or_refusal(clinic: Clinic) -> None:
    nurse = clinic.browser("nurse")
    patient = clinic.register()
    places = [each.id for each in shipped()["oncology_examination"].compiled.definition.item("localisations").rows]  # type: ignore[union-attr]
    states: dict[str, Any] = {place: {"state": "normal"} for place in places}
    states["skin"] = {"state": "pathology", "finding": "mole 8 mm"}
    response_id = begin(nurse, patient, "oncology_examination")
    contradiction = complete(nurse, response_id, {"localisations": states, "decision": "healthy"})
    assert contradiction.status_code == 422
    assert "cannot be “Healthy”" in contradiction.text
    assert complete(nurse, response_id, {"localisations": states, "decision": "oncologist"}).status_code == 303
    paper = nurse.get(f"/questionnaire-responses/{response_id}/print").text
    assert "mole 8 mm" in paper
    assert "Pathology found: refer to the doctor" in paper
    refused_id = begin(nurse, patient, "oncology_examination")
    assert complete(nurse, refused_id, {"refused": True}).status_code == 422
    assert complete(nurse, refused_id, {"refused": True, "refusal_reason": "no time"}).status_code == 303
    assert row(clinic, refused_id).answers == {"refused": True, "refusal_reason": "no time"}


@pytest.mark.req("DOC-23")
def test_files_are_kept_unchanged_and_only_what_they_say_they_are(clinic: Clinic, doctor: Browser) -> None:
    patient = clinic.register()
    response_id = begin(doctor, patient, "therapist_examination")
    url = f"/questionnaire-responses/{response_id}/files/documents"
    content = b"%PDF-1.7\n" + b"x" * 1000

    def send(name: str, body: bytes) -> Any:
        fields = {"version": version(doctor, response_id), "q-complaints": "kept"}
        return doctor.post(url, fields, files={"file-documents": (name, body, "application/pdf")})

    assert send("../../etc/run.pdf", b"MZ not a pdf").status_code == 422
    assert send("big.pdf", b"%PDF-" + b"0" * (5 * 1024 * 1024)).status_code == 422
    assert send("../../etc/эпикриз.pdf", content).status_code == 303
    page = doctor.get(f"/questionnaire-responses/{response_id}/edit").text
    assert ">эпикриз.pdf<" in page
    assert "kept" in page
    found = re.search(r"/questionnaire-files/(\d+)", page)
    assert found is not None
    got = doctor.get(f"/questionnaire-files/{found[1]}")
    assert got.content == content
    assert got.headers["content-disposition"].startswith("attachment")
    assert clinic.browser("stranger").get(f"/questionnaire-files/{found[1]}").status_code == 403
    answers = {"complaints": "c", "general": "severe", "conclusion_text": "t"}
    assert complete(doctor, response_id, answers).status_code == 303
    assert row(clinic, response_id).answers["documents"][0]["size"] == len(content)
    assert send("late.pdf", content).status_code == 409


def test_a_response_keeps_the_version_it_was_filled_in_with(clinic: Clinic, doctor: Browser, patient: Patient) -> None:
    response_id = begin(doctor, patient, "gcs")
    with clinic.session() as session:
        stored = session.get(QuestionnaireVersion, row(clinic, response_id).version_id)
    assert stored is not None
    assert (stored.key, stored.version, stored.is_shipped) == ("gcs", 1, True)
    assert stored.content == shipped()["gcs"].text


def test_a_structure_only_scale_cannot_be_filled_in(patient: Patient, doctor: Browser) -> None:
    answer = doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "moca"})
    assert answer.status_code == 409
    assert "Copyright" in answer.text
    assert 'value="moca"' not in doctor.get(f"/patients/{patient.id}/questionnaires").text
    assert doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "nothing"}).status_code == 404
    assert doctor.post(f"/patients/{patient.id}/questionnaires", {"key": "'; drop"}).status_code == 422


def test_a_moment_that_cannot_be_is_refused(clinic: Clinic, patient: Patient, doctor: Browser) -> None:
    response_id = begin(doctor, patient, "asa")
    late = complete(doctor, response_id, {"k": "3"}, date="+2")
    assert late.status_code == 422
    assert "lies in the future" in late.text
    early = complete(doctor, response_id, {"k": "3"}, date="01.01.1970")
    assert early.status_code == 422
    assert "before the birth" in early.text
