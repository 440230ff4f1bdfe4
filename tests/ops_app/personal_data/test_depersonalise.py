"""Depersonalising as an operation of its own: what the pipeline takes out names nobody, and analysis sees only that."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import psycopg
import pytest

from pipelines.lib.extract import extract
from tests.installation import Database
from tests.ops_app.clinic import Clinic
from tests.ops_app.personal_data.test_destruction import places

SURNAME, GIVEN, STREET, NOTE = "Иесізденова", "Анонимгүл", "Безымянная 7", "жазба: есімі айтылған"


@pytest.mark.req("PDATA-14", "PDATA-17")
def test_what_leaves_for_analysis_names_nobody(office: Clinic, module_database: Database, tmp_path: Path) -> None:
    patient = office.register(family_name=SURNAME, given_name=GIVEN, address_line=STREET, phone="+77013334455")
    office.visit(patient.id, note=NOTE)
    fact = {"kind": "email", "value": "anonim@mail.kz", "way": "patient"}
    assert office.browser("registrar").post(f"/patients/{patient.id}/facts/contacts/new", fact).status_code == 303
    site = places(tmp_path, module_database)
    taken = extract(site)
    assert taken
    files = list(site.lake.root.rglob("*.parquet"))
    assert any(file.parent.name == "encounter" for file in files)
    whole = "\n".join(
        "\n".join(map(str, column.to_list())) for file in files for column in pl.read_parquet(file).get_columns()
    )
    for name in (SURNAME, GIVEN, STREET, NOTE, "anonim@mail.kz", "77013334455", str(patient.iin)):
        assert name not in whole, name
    with psycopg.connect(module_database.libpq("owner")) as owner:
        [(key,)] = owner.execute(
            "select patient_key::text from vault.pseudonym where patient_id = %s", [patient.id]
        ).fetchall()
    assert key in whole, "the same person can still be followed, under a random name"
    # nobody who analyses can go back to the person, and no dashboard reads the operational database at all
    for role, table in (
        ("pipeline", "vault.pseudonym"),
        ("pipeline", "patients.patient"),
        ("pipeline", "person_facts.contact"),
        ("dashboards", "anon.patient"),
    ):
        with (
            psycopg.connect(module_database.libpq(role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"select 1 from {table}")
