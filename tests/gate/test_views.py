"""What passes the gate, and in which form."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest
from sqlalchemy import Column, MetaData, Table, Text

from ops_app.gate import views
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported
from ops_app.models import load_all
from tests.gate import people
from tests.installation import Database


@pytest.mark.req("DWH-02")
def test_every_column_of_every_table_is_classified() -> None:
    for table in load_all().metadata.tables.values():
        views.subject_of(table)
        for column in table.columns:
            views.privacy_of(column)


def test_an_unclassified_column_stops_the_generator() -> None:
    table = Table("loose", MetaData(), Column("secret", Text), info=exported(Subject.STRUCTURE))
    with pytest.raises(views.UnclassifiedColumnError, match="secret"):
        views.create_view(table)


def test_a_table_that_says_nothing_stops_the_generator() -> None:
    table = Table("loose", MetaData(), Column("id", Text, info=PLAIN))
    with pytest.raises(views.UnclassifiedColumnError, match="loose"):
        views.create_view(table)


def test_a_direct_identifier_cannot_be_declared_to_pass() -> None:
    info = DIRECT | {"generalisation": views.Generalisation.KEEP}
    table = Table("loose", MetaData(), Column("iin", Text, info=info), info=exported(Subject.STRUCTURE))
    with pytest.raises(views.UnclassifiedColumnError, match="would pass"):
        views.create_view(table)


@pytest.mark.req("DWH-01", "DWH-02")
def test_no_identifier_and_no_free_text_is_in_any_view(database: Database) -> None:
    with psycopg.connect(database.libpq("owner")) as owner:
        organization = people.add_organization(owner)
        patient = people.add_patient(owner)
        people.add_encounter(owner, patient, organization, "2026-11-20 10:00+05")
        iin = owner.execute("select iin from patients.patient where id = %s", (patient,)).fetchone()
    assert iin is not None
    with psycopg.connect(database.libpq("pipeline")) as pipeline:
        names = [name for (name,) in pipeline.execute("select view_name from anon.contents").fetchall()]
        seen = "\n".join(str(pipeline.execute(f"select * from anon.{name}").fetchall()) for name in names)
        columns = pipeline.execute(
            "select column_name from information_schema.columns where table_schema = 'anon'"
        ).fetchall()
    for secret in (
        people.FAMILY_NAME,
        people.FREE_TEXT,
        "Айгүл",
        "+77010000000",
        "Құпия көшесі",
        iin[0],
        "1985, 3, 17",
    ):
        assert secret not in seen
    forbidden = {"iin", "family_name", "phone", "address_line", "note", "patient_id", "practitioner_id", "birth_date"}
    assert not forbidden & {name for (name,) in columns}


def test_the_age_and_local_date_are_computed_inside_the_gate(database: Database) -> None:
    with psycopg.connect(database.libpq("owner")) as owner:
        organization = people.add_organization(owner)
        patient = people.add_patient(owner, birth_date="1985-03-17")
        # 20:30 UTC on the 16th is the 17th, her birthday, in Almaty (UTC+5 since March 2024).
        people.add_encounter(owner, patient, organization, "2026-03-16 20:30+00")
        people.add_encounter(owner, patient, organization, "2026-03-16 18:30+00")
    with psycopg.connect(database.libpq("pipeline")) as pipeline:
        rows = pipeline.execute("select event_date, age_at_event from anon.encounter order by id").fetchall()
    assert rows == [(dt.date(2026, 3, 17), 41), (dt.date(2026, 3, 16), 40)]


def test_a_corrected_birth_date_makes_new_versions_of_all_events(database: Database) -> None:
    with psycopg.connect(database.libpq("owner")) as owner:
        organization = people.add_organization(owner)
        patient = people.add_patient(owner, temporary_id="T-1")
        people.add_encounter(owner, patient, organization, "2026-11-20 10:00+05")
    with psycopg.connect(database.libpq("pipeline")) as pipeline:
        before = pipeline.execute("select row_xid, age_at_event from anon.encounter").fetchone()
    with psycopg.connect(database.libpq("app")) as app:
        app.execute("update patients.patient set birth_date = '1975-03-17' where id = %s", (patient,))
    with psycopg.connect(database.libpq("pipeline")) as pipeline:
        after = pipeline.execute("select row_xid, age_at_event from anon.encounter").fetchone()
    assert before is not None and after is not None
    assert after[0] > before[0]
    assert (before[1], after[1]) == (41, 51)


def test_destroying_the_vault_row_removes_the_person_from_every_view(database: Database) -> None:
    with psycopg.connect(database.libpq("owner")) as owner:
        organization = people.add_organization(owner)
        patient = people.add_patient(owner)
        people.add_encounter(owner, patient, organization, "2026-11-20 10:00+05")
        owner.execute("delete from vault.pseudonym where patient_id = %s", (patient,))
    with psycopg.connect(database.libpq("pipeline")) as pipeline:
        assert pipeline.execute("select * from anon.encounter").fetchall() == []
        assert pipeline.execute("select * from anon.patient").fetchall() == []


@pytest.mark.parametrize(
    ("iin", "birth_date", "sex"),
    [
        ("850317400000", "1985-03-17", "female"),
        ("abc", "1985-03-17", "female"),
        (people.iin_for("850317", 4, 1), "1985-03-18", "female"),
        (people.iin_for("850317", 4, 1), "1985-03-17", "male"),
        (people.iin_for("850317", 6, 1), "1985-03-17", "female"),
    ],
)
def test_the_database_refuses_an_iin_that_disagrees(database: Database, iin: str, birth_date: str, sex: str) -> None:
    with psycopg.connect(database.libpq("app")) as app, pytest.raises(psycopg.errors.CheckViolation):
        people.add_patient(app, birth_date=birth_date, sex=sex, iin=iin)


@pytest.mark.req("REG-04")
def test_one_live_iin(database: Database) -> None:
    iin = people.iin_for("850317", 4, 1)
    with psycopg.connect(database.libpq("app")) as app:
        people.add_patient(app, iin=iin)
        with pytest.raises(psycopg.errors.UniqueViolation):
            people.add_patient(app, iin=iin)
