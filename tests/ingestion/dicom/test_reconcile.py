"""Whose a study is: who may not decide, and that every decision can be taken back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid

from ops_app.modules.imaging.models import Study
from tests.ingestion.dicom import objects
from tests.ingestion.dicom.conftest import Gateway
from tests.ops_app.clinic import Clinic
from tests.ops_app.undoing import way_back


def study_of(clinic: Clinic, made: Any) -> Study:
    with clinic.session() as session:
        return session.query(Study).filter_by(study_uid=str(made.StudyInstanceUID)).one()


@pytest.fixture
def lost(gateway: Gateway, clinic: Clinic, tmp_path: Path) -> Study:
    """A study of nobody, made in the hospital."""
    made = objects.radiograph(PatientName="Белгісіз^Адам", PatientID="77")
    gateway.send(*objects.saved(tmp_path, made))
    with clinic.session() as session:
        study = session.query(Study).filter_by(study_uid=str(made.StudyInstanceUID)).one()
        study.organization_id = clinic.tree["hospital"]
    return study


def test_nurses_registrars_and_other_hospitals_do_not_decide(clinic: Clinic, lost: Study) -> None:
    person = clinic.register()
    page = f"/imaging/unmatched/{lost.id}"
    for login in ("nurse", "registrar", "official", "stranger"):
        browser = clinic.browser(login)
        assert browser.get(page).status_code == 403
        assert browser.post(f"{page}/assign", {"patient_id": person.id}).status_code == 403
    assert "Белгісіз" not in clinic.browser("stranger").get("/imaging/unmatched").text


@pytest.mark.req("INT-RIS-02", "PACS-04")
def test_a_study_finds_its_person_on_the_screen_and_the_decision_can_be_taken_back(
    gateway: Gateway, clinic: Clinic, lost: Study
) -> None:
    person = clinic.register()
    doctor = clinic.browser("doctor")
    assert "Белгісіз Адам" in doctor.get("/imaging/unmatched").text
    page = f"/imaging/unmatched/{lost.id}"
    assert person.family_name in doctor.get(f"{page}?q={person.iin}").text
    whole = "select to_jsonb(s) - 'row_xid' from imaging.study s where id = :id"
    before = gateway.rows(whole, id=lost.id)
    assert doctor.post(f"{page}/assign", {"patient_id": person.id}).status_code == 303
    url, fields = way_back(doctor, "/notifications")
    state = "select match_state, match_reason, patient_id, sent_name from imaging.study where id = :id"
    assert gateway.rows(state, id=lost.id) == [("matched", "person", person.id, "Белгісіз^Адам")]
    shown = doctor.get(page).text
    # the message and the page lead to the same act, which is not everybody's
    assert url in shown
    for login in ("nurse", "registrar", "official", "stranger"):
        assert clinic.browser(login).post(url, fields).status_code == 403, login
    assert doctor.post(url, fields).status_code == 303
    assert gateway.rows(state, id=lost.id) == [("unmatched", "unknown_identifier", None, "Белгісіз^Адам")]
    assert gateway.rows(whole, id=lost.id) == before
    assert doctor.post(url, fields).status_code == 409
    written = "select count(*) from audit.event where kind = 'write' and entity like 'imaging.%' and entity_id = :id"
    assert gateway.rows(written, id=str(lost.id))[0][0] >= 1


@pytest.mark.req("INT-RIS-02")
def test_a_mixed_study_is_taken_apart_and_joined_again(gateway: Gateway, clinic: Clinic, tmp_path: Path) -> None:
    one, other = clinic.register(), clinic.register()
    study = generate_uid()
    first = objects.ct_slice(one, StudyInstanceUID=study)
    second = objects.ct_slice(other, StudyInstanceUID=study)
    gateway.send(*objects.saved(tmp_path, first))
    gateway.send(*objects.saved(tmp_path, second))
    mixed = study_of(clinic, first)
    with clinic.session() as session:
        session.get_one(Study, mixed.id).organization_id = clinic.tree["hospital"]
    ((series,),) = gateway.rows("select id from imaging.series where series_uid = :u", u=str(second.SeriesInstanceUID))
    doctor = clinic.browser("doctor")
    page = f"/imaging/unmatched/{mixed.id}"
    assert doctor.post(f"{page}/split", {}).status_code == 422
    answer = doctor.post(f"{page}/split", {"series": [series]})
    assert answer.status_code == 303
    both = "where id = :a or split_from_id = :a order by id"
    parts = f"select patient_id, match_state, series_count from imaging.study {both}"
    assert gateway.rows(parts, a=mixed.id) == [(one.id, "matched", 1), (other.id, "matched", 1)]
    # what is sent again goes where its series stands now
    gateway.send(
        *objects.saved(
            tmp_path, objects.ct_slice(other, StudyInstanceUID=study, SeriesInstanceUID=second.SeriesInstanceUID)
        )
    )
    assert gateway.rows("select instance_count from imaging.study where split_from_id = :a", a=mixed.id) == [(2,)]
    decision = re.search(r"/imaging/decisions/\d+/undo", doctor.get(page).text)
    assert decision is not None
    doctor.post(decision[0])
    assert gateway.rows(parts, a=mixed.id) == [(None, "conflict", 2), (other.id, "matched", 0)]


def test_the_other_copy_is_shown_when_chosen_and_the_first_again_when_taken_back(
    gateway: Gateway, clinic: Clinic, tmp_path: Path
) -> None:
    made = objects.radiograph(clinic.register())
    gateway.send(*objects.saved(tmp_path, made))
    made.Rows = 32
    made.PixelData = made.PixelData[: len(made.PixelData) // 2]
    gateway.send(*objects.saved(tmp_path, made))
    with clinic.session() as session:
        study = session.query(Study).filter_by(study_uid=str(made.StudyInstanceUID)).one()
        study.organization_id = clinic.tree["hospital"]
    doctor = clinic.browser("doctor")
    ((copy,),) = gateway.rows(
        "select c.id from imaging.instance_conflict c join imaging.instance i on i.id = c.instance_id"
        " where i.sop_uid = :u",
        u=str(made.SOPInstanceUID),
    )
    assert f"/imaging/copies/{copy}" in doctor.get("/imaging/unmatched").text
    rows = "select rows from imaging.instance where sop_uid = :u"
    assert gateway.rows(rows, u=str(made.SOPInstanceUID)) == [(64,)]
    assert doctor.post(f"/imaging/copies/{copy}", {"take": "other"}).status_code == 303
    assert gateway.rows(rows, u=str(made.SOPInstanceUID)) == [(32,)]
    undo = re.search(r"/imaging/decisions/\d+/undo", doctor.get(f"/imaging/unmatched/{study.id}").text)
    assert undo is not None
    doctor.post(undo[0])
    assert gateway.rows(rows, u=str(made.SOPInstanceUID)) == [(64,)]
