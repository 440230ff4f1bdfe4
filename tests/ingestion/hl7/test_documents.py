"""Documents sent as MDM: who may not read them, kept as they came, added to, replaced, cancelled."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import pytest
from sqlalchemy import select

from ops_app.modules.audit.models import Event
from ops_app.modules.patients.models import Patient
from tests.ingestion.hl7.reading import query, take_in
from tests.installation import Database
from tests.ops_app.clinic import Clinic
from tests.ops_app.conftest import clinic as clinic

serial = itertools.count(1)
PDF = b"%PDF-1.4 discharge"


def mdm(patient: Patient, event: str, number: str, *observed: str, parent: str = "", more: str = "AU||AV") -> str:
    lines = [
        f"MSH|^~\\&|HIS2|AINA|SAULYQ|KZ|20261120101500||MDM^{event}|d{next(serial)}|P|2.5.1",
        f"PID|1||{patient.iin}^^^IIN^NI||{patient.family_name}^{patient.given_name}",
        "TXA|1|DS^Discharge summary|TX|20261119||20261119180000|||77^Оспанов^Ерлан|||"
        f"{number}|{parent}|||выписка.pdf|{more}",
        *observed,
    ]
    return "\n".join(lines) + "\n"


def text(*lines: str) -> list[str]:
    return [f"OBX|{number}|TX|^Body||{line}" for number, line in enumerate(lines, 1)]


def documents(database: Database, patient: Patient) -> list[tuple[Any, ...]]:
    return query(
        database,
        "select id, number, state, kind, title, author, completion, replaces_id from documents.received_document "
        "where patient_id = %s order by id",
        patient.id,
    )


@pytest.fixture
def patient(clinic: Clinic, module_database: Database) -> Patient:
    """Attached to the hospital, to which the sender belongs."""
    made = clinic.register()
    query(
        module_database,
        "insert into devices.device (kind, name, protocol, sender, organization_id, registered_by) "
        "values ('information_system', 'HIS2', 'hl7', 'HIS2', %s, 'test') on conflict do nothing returning id",
        clinic.tree["hospital"],
    )
    return made


def test_a_document_stands_in_the_card_for_those_who_may_and_each_opening_is_recorded(
    clinic: Clinic, module_database: Database, patient: Patient
) -> None:
    pdf = f"OBX|3|ED|PDF^Файл||^application^PDF^Base64^{base64.b64encode(PDF).decode()}"
    [row] = take_in(module_database, mdm(patient, "T02", "A1", *text("Жағдайы жақсы", "", "Ұсыныс: тыныштық"), pdf))
    assert (row["state"], row["patient_id"]) == ("done", patient.id)
    [(number, *about)] = documents(module_database, patient)
    assert about == ["A1", "current", "Discharge summary", "выписка.pdf", "Оспанов Ерлан", "AU", None]
    page, file = f"/documents/received/{number}", f"/documents/received/{number}/files/2"
    for login in ("registrar", "official"):
        assert clinic.browser(login).get(page).status_code == 403
        assert clinic.browser(login).get(file).status_code == 403
    assert clinic.browser("stranger").get(page).status_code in (303, 403)
    doctor = clinic.browser("doctor")
    assert "выписка.pdf" in doctor.get(f"/patients/{patient.id}/documents").text
    shown = doctor.get(page).text
    for expected in ("Жағдайы жақсы\n\nҰсыныс: тыныштық", "Discharge summary", "Оспанов Ерлан", "signed by its author"):
        assert expected in shown
    sent = doctor.get(file)
    assert (sent.content, sent.headers["content-type"]) == (PDF, "application/pdf")
    assert doctor.get(f"/documents/received/{number}/files/9").status_code == 404
    assert doctor.get("/documents/received/999999").status_code == 404
    with clinic.session() as session:
        said = session.scalars(
            select(Event.action).where(Event.patient_id == patient.id, Event.login == "doctor")
        ).all()
    assert {"documents:received", "documents:received_file"} <= set(said)


def test_the_same_again_is_one_and_other_content_under_a_number_replaces_it(
    module_database: Database, patient: Patient
) -> None:
    rows = take_in(
        module_database,
        mdm(patient, "T02", "B1", *text("one")),
        mdm(patient, "T02", "B1", *text("one")),
        mdm(patient, "T08", "B1", *text("two")),
        mdm(patient, "T01", "B2"),
    )
    assert [row["state"] for row in rows] == ["done", "done", "done", "archived"]
    first, second = documents(module_database, patient)
    assert (first[2], second[2], second[7]) == ("replaced", "current", first[0])


def test_replacement_addition_and_cancellation(clinic: Clinic, module_database: Database, patient: Patient) -> None:
    rows = take_in(
        module_database,
        mdm(patient, "T02", "C1", *text("first")),
        mdm(patient, "T06", "C2", *text("more"), parent="C1"),
        mdm(patient, "T10", "C3", *text("second"), parent="C1"),
        mdm(patient, "T11", "C3"),
    )
    assert [row["state"] for row in rows] == ["done"] * 4
    found = documents(module_database, patient)
    assert [(row[1], row[2]) for row in found] == [("C1", "replaced"), ("C2", "current"), ("C3", "cancelled")]
    assert found[2][7] == found[0][0]
    doctor = clinic.browser("doctor")
    assert "A newer version replaced it." in doctor.get(f"/documents/received/{found[0][0]}").text
    cancelled = doctor.get(f"/documents/received/{found[2][0]}").text
    assert "cancelled by its sender" in cancelled
    assert "second" in cancelled, "what was cancelled stays readable"


def test_what_names_no_document_of_this_person_is_refused_with_its_field(
    clinic: Clinic, module_database: Database, patient: Patient
) -> None:
    another = clinic.register()
    rows = take_in(
        module_database,
        mdm(patient, "T02", "D1", *text("mine")),
        mdm(another, "T10", "D2", *text("x"), parent="D1"),
        mdm(another, "T11", "D1"),
        mdm(another, "T02", "D1", *text("not mine")),
        mdm(patient, "T02", "", *text("x")),
        mdm(patient, "T02", "D3", "OBX|1|TX|^Body||"),
    )
    assert [row["state"] for row in rows] == ["done", *["failed"] * 5]
    places = [(row["error"]["segment"], row["error"]["field"]) for row in rows[1:]]
    assert places == [("TXA", 13), ("TXA", 12), ("TXA", 12), ("TXA", 12), ("OBX", 5)]
    assert documents(module_database, another) == []
    assert [row[2] for row in documents(module_database, patient)] == ["current"]
