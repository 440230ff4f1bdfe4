"""Destruction: who may not, what remains, and that warehouse and search forget."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from pathlib import Path

import polars as pl
import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ops_app.gate import destruction as gate
from ops_app.gate.views import privacy_of
from ops_app.kit import clock
from ops_app.mechanisms.outbox import outbox
from ops_app.models import load_all
from ops_app.modules.documents import service as documents
from ops_app.modules.imaging import filing
from ops_app.modules.imaging.jobs import unlink_destroyed
from ops_app.modules.imaging.models import Instance, Series, Study
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.patients.merge import merge
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data import storage
from ops_app.modules.personal_data.models import DestructionAct, SubjectRequest
from ops_app.permissions import Role
from pipelines.lib.extract import extract
from pipelines.lib.forget import forget_destroyed
from pipelines.lib.places import Places
from quality.run import check
from tests.installation import Database
from tests.ops_app.browser import make_account
from tests.ops_app.clinic import Clinic
from tests.ops_app.personal_data.conftest import ask, give_consent

JSON = {"accept": "application/json"}
SURNAME, GIVEN, STREET, NOTE = "Жұлдызқанарыева", "Канарейқыз", "Канареечная 17", "қанат канарейки сломан"
UIDS = itertools.count(1)
FINDING = "collected without consent, item 5 of the rules"


def drawn(office: Clinic, patient: Patient, ground: str = "violation") -> int:
    number = ask(office, patient, "destruction", wish=f"{patient.family_name} demands to destroy")
    answer = office.browser("officer").post(
        f"/personal-data/requests/{number}/act", {"ground": ground, "finding": FINDING}
    )
    assert answer.status_code == 303, answer.text
    with office.session() as session:
        return session.scalars(select(DestructionAct.id).where(DestructionAct.patient_id == patient.id)).one()


def test_who_may_not_destroy(office: Clinic) -> None:
    act = drawn(office, office.register())
    for login in ("officer", "registrar", "doctor", "stranger"):
        assert office.browser(login).post(f"/personal-data/acts/{act}/execute", headers=JSON).status_code == 403
    assert office.browser("stranger").get(f"/personal-data/acts/{act}", headers=JSON).status_code == 403


def test_whoever_drew_the_act_up_does_not_approve_it(office: Clinic) -> None:
    places = [(role, office.tree["hospital"]) for role in (Role.DATA_OFFICER, Role.CHIEF_PHYSICIAN)]
    make_account(office.app.state.engine, "both", places)
    number = ask(office, office.register(), "destruction")
    both = office.browser("both")
    both.post(f"/personal-data/requests/{number}/act", {"ground": "violation", "finding": FINDING})
    with office.session() as session:
        act = session.scalars(select(DestructionAct).where(DestructionAct.drawn_by == "both")).one()
    assert both.post(f"/personal-data/acts/{act.id}/execute", headers=JSON).status_code == 403


@pytest.mark.req("PDATA-15")
def test_database_destroys_nobody_without_an_approved_act(office: Clinic) -> None:
    patient = office.register()
    act = drawn(office, patient)
    for call in (act, 999_999):
        with office.session() as session, pytest.raises(DBAPIError, match="no act of destruction"):
            session.execute(text("select vault.destroy_person(:act)"), {"act": call})
    with office.session() as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text("delete from vault.pseudonym where patient_id = :p"), {"p": patient.id})
    with office.session() as session, pytest.raises(DBAPIError, match="two_people"):
        session.execute(text("update personal_data.destruction_act set approved_by = drawn_by"))


def places(tmp_path: Path, database: Database) -> Places:
    home = tmp_path / "home"
    home.mkdir()
    return Places(
        home=home,
        gate_url=database.libpq("pipeline"),
        egress_url=database.libpq("egress"),
        warehouse_url=database.settings.libpq_url("pipeline", "saulyq_warehouse"),
    )


def keys_in_lake(site: Places) -> set[str]:
    found: set[str] = set()
    for path in site.lake.root.rglob("*.parquet"):
        if path.parent.name != "tombstone":
            frame = pl.read_parquet(path)
            for column in ("patient_key", "other_patient_key"):
                if column in frame.columns:
                    found.update(frame[column].to_list())
    return found


def where_it_stands(database: Database, canaries: list[str]) -> set[str]:
    """Tables, besides the sealed journal, in which any of these texts stands."""
    found = set()
    with psycopg.connect(database.libpq("owner")) as connection:
        for table in load_all().metadata.tables.values():
            if table.schema == "audit":
                continue
            rows = connection.execute(f"select t::text from {table.fullname} t").fetchall()
            whole = "\n".join(row for (row,) in rows)
            if any(canary in whole for canary in canaries):
                found.add(table.fullname)
    return found


@pytest.mark.req("PDATA-15", "DWH-02")
def test_destroyed_person_is_nowhere(office: Clinic, module_database: Database, tmp_path: Path) -> None:
    patient = office.register(family_name=SURNAME, given_name=GIVEN, address_line=STREET, phone="+77015550017")
    hidden = office.register(family_name=SURNAME, given_name=GIVEN, iin=None, kind="undocumented")
    child = office.register(family_name="Балаева")
    bystander = office.register()
    visit = office.visit(patient.id, note=NOTE)
    office.visit(bystander.id)
    give_consent(office, patient, scope=f"all data of {SURNAME}")
    with office.session() as session:
        session.get_one(Patient, child.id).mother_id = patient.id
        merge(session, office.actor(session, "chief"), patient.id, hidden.id)
        doctor = office.actor(session, "doctor")
        documents.form_document(session, doctor, visit.id, "visit_record", "kk", {}, "/check/CODE")
        body = {"name": SURNAME, "iin": patient.iin}
        outbox.put(session, "exchange_folder", "test", f"card:{patient.iin}", body, patient_id=patient.id)
    iin, temporary = str(patient.iin), str(hidden.temporary_id)
    canaries = [SURNAME, GIVEN, STREET, NOTE, iin, temporary, "77015550017"]
    assert {"patients.patient", "visits.encounter", "documents.document", "exchange.message"} <= where_it_stands(
        module_database, canaries
    )
    site = places(tmp_path, module_database)
    extract(site)
    check(site.lake)
    with psycopg.connect(module_database.libpq("owner")) as connection:
        [(key,)] = connection.execute(
            "select patient_key::text from vault.pseudonym where patient_id = %s", [patient.id]
        ).fetchall()
    assert key in keys_in_lake(site)

    act = drawn(office, patient)
    answer = office.browser("chief").post(f"/personal-data/acts/{act}/execute")
    assert answer.status_code == 303, answer.text

    assert where_it_stands(module_database, canaries) == set()
    page = office.browser("chief").get(f"/personal-data/acts/{act}").text
    assert "visits.encounter" in page and FINDING in page and SURNAME not in page
    with office.session() as session:
        row = session.get_one(DestructionAct, act)
        assert (row.patient_id, row.records) == (None, [])
        assert row.executed_at is not None and row.counts is not None and row.counts["patients.patient"] == 2
        assert session.scalars(select(SubjectRequest).where(SubjectRequest.patient_id == patient.id)).one().state == (
            "answered"
        )
        assert session.get_one(Patient, child.id).mother_id is None
        assert session.get_one(Patient, bystander.id).iin == bystander.iin
        messages = session.execute(text("select distinct state from exchange.message where system = 'exchange_folder'"))
        assert [state for (state,) in messages] == ["withdrawn"]
    # nobody opens what is left, and search finds nothing
    for address in (f"/patients/{patient.id}", f"/patients/{patient.id}/personal-data", f"/visits/{visit.id}"):
        assert office.browser("doctor").get(address, headers=JSON).status_code == 404, address
    assert f"/patients/{patient.id}" not in office.browser("doctor").get(f"/patients?q={SURNAME}").text
    # the warehouse forgets by the tombstone
    extract(site)
    check(site.lake)
    assert forget_destroyed(site.lake) == 2
    left = keys_in_lake(site)
    assert key not in left and left
    again = office.browser("chief").post(f"/personal-data/acts/{act}/execute", headers=JSON)
    assert again.status_code == 409


def study_of(
    session: Session, patient_id: int | None, number: str, content: bytes, name: str = SURNAME
) -> tuple[int, Path]:
    """A study of one object with its file."""
    digest = hashlib.sha256(content).hexdigest()
    path = f"{digest[:2]}/{digest[:32]}/{digest}.dcm"
    file = filing.full_path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    uid = f"1.2.{next(UIDS)}"
    study = Study(
        study_uid=uid,
        patient_id=patient_id,
        match_state="matched" if patient_id else "unmatched",
        match_reason="test",
        sent_patient_id=number,
        sent_name=name,
        modalities=["DX"],
    )
    session.add(study)
    session.flush()
    series = Series(study_id=study.id, series_uid=f"{uid}.1", sent={"name": name})
    session.add(series)
    session.flush()
    session.add(
        Instance(
            series_id=series.id,
            sop_uid=f"{uid}.1.1",
            sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            kind="image",
            channel="dicom",
            path=path,
            sha256=digest,
            bytes=len(content),
        )
    )
    session.flush()
    return study.id, file


@pytest.mark.req("PDATA-15")
def test_images_and_raw_messages_go_with_the_person(office: Clinic, module_database: Database) -> None:
    patient = office.register(family_name=SURNAME, given_name=GIVEN)
    bystander = office.register()
    iin = str(patient.iin)

    def message(text_of: str, patient_id: int | None, state: str) -> InboundMessage:
        raw = text_of.encode()
        return InboundMessage(
            channel="hl7", sender="LAB", control_id=text_of[:8], sha256=hashlib.sha256(raw).digest(), raw=raw,
            lane=f"person:{text_of}", state=state, patient_id=patient_id,
        )  # fmt: skip

    with office.session() as session:
        shared = b"DICM shared by two studies"
        own_id, own = study_of(session, patient.id, iin, b"DICM " + SURNAME.encode())
        shared_id, common = study_of(session, patient.id, iin, shared)
        unmatched_id, unmatched = study_of(session, None, iin, b"DICM nobody matched " + iin.encode())
        kept_id, _common = study_of(session, bystander.id, str(bystander.iin), shared, "BYSTANDER")
        session.add_all(
            [
                message(f"MSH|1|{iin}|{SURNAME}", patient.id, "done"),
                message(f"MSH|2|{iin}|{SURNAME}", None, "failed"),
                message(f"MSH|3|{bystander.iin}|", bystander.id, "done"),
            ]
        )
    act = drawn(office, patient)
    assert office.browser("chief").post(f"/personal-data/acts/{act}/execute").status_code == 303
    with office.session() as session:
        queued = session.execute(
            text("select args from procrastinate.procrastinate_jobs where task_name = 'imaging:unlink_destroyed'")
        ).scalars()
        studies = {arguments["study_id"] for arguments in queued}
    assert studies == {own_id, shared_id, unmatched_id}
    assert own.exists(), "nothing is removed before the transaction is there to stay"
    for study_id in studies:
        unlink_destroyed(office.app.state.engine, study_id)
        unlink_destroyed(office.app.state.engine, study_id)
    assert [file.exists() for file in (own, unmatched, common)] == [False, False, True]
    assert where_it_stands(module_database, [SURNAME, iin]) == set()
    with psycopg.connect(module_database.libpq("owner")) as connection:
        rows = connection.execute("select raw, state from ingest.message order by id").fetchall()
        state = connection.execute("select state from imaging.study where id = %s", [kept_id]).fetchone()
    assert [bytes(raw) for raw, _state in rows][:2] == [b"", b""]
    assert bytes(rows[2][0]) == f"MSH|3|{bystander.iin}|".encode()
    assert [name for _raw, name in rows] == ["done", "archived", "done"]
    assert state == ("available",)
    counts = re.findall(r"ingest\.message", office.browser("chief").get(f"/personal-data/acts/{act}").text)
    assert counts


@pytest.mark.req("PDATA-22")
def test_age_is_no_ground_before_the_term_has_ended(office: Clinic) -> None:
    patient = office.register()
    office.visit(patient.id)
    number = ask(office, patient, "destruction")
    officer = office.browser("officer")
    early = officer.post(f"/personal-data/requests/{number}/act", {"ground": "term_ended", "finding": FINDING})
    assert early.status_code == 422 and "The term of storage ends on" in early.text
    with clock.frozen(clock.now() + dt.timedelta(days=26 * 365)), office.session() as session:
        assert storage.term_of(session, patient.id) is not None
        storage.refuse_before_term(session, patient.id, office.tree["hospital"])


def test_every_column_that_names_a_person_can_be_erased() -> None:
    tables = load_all().metadata.tables
    kept = []
    for name in gate.person_conditions():
        table = tables[name]
        kept += [
            f"{name}.{column.name}"
            for column in gate.naming_columns(table)
            if not column.foreign_keys and not column.primary_key and gate.erasure(table, column) is None
        ]
    assert kept == [], "ops_app/gate/destruction.py does not know how to erase them"
    patient = tables["patients.patient"]
    naming = {column.name for column in gate.naming_columns(patient) if not column.nullable}
    assert naming <= set(gate.PATIENT_COLUMNS)
    assert privacy_of(patient.c.birth_date)["privacy"] == "quasi"
