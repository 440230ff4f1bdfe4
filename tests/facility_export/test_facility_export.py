"""A facility leaves with its records: complete, checkable by anybody, and the same after coming back."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ops_app import facility_export
from ops_app.app import create_app
from ops_app.facility_export.selection import make_plan
from ops_app.models import load_all
from ops_app.modules.audit.models import Event
from ops_app.modules.patients import merge
from ops_app.modules.patients.search import search
from saulyq import database, postgres
from saulyq.cli import app
from saulyq.errors import SaulyqError, UsageError
from saulyq.settings import OPS_DATABASE
from tests.installation import Database, Installation
from tests.ops_app.clinic import Clinic, open_clinic


@pytest.fixture(scope="module")
def clinic(module_database: Database) -> Clinic:
    """Two facilities with people of their own and one whom both know."""
    made = open_clinic(create_app(module_database.engine("app")))
    mother = made.register(family_name="Қалиева", given_name="Әлия")
    made.visit(mother.id)
    child = made.register(
        iin=None, kind="newborn", mother=mother.iin, birth_date=dt.date(2026, 11, 1), family_name=None, given_name=None
    )
    made.visit(child.id)
    doubled = made.register(iin=None, kind="undocumented", family_name="О'Тест")
    with made.session() as session:
        merge.merge(session, made.actor(session, "registrar"), mother.id, doubled.id)
        session.execute(
            text(
                "insert into patients.patient (temporary_id, identity_status, family_name, given_name, family_fold,"
                " given_fold, sort_key, sex, birth_date) values ('T-1', 'undocumented', 'Бөтен', 'Адам', 'boten',"
                " 'adam', 'boten', 'male', '1990-01-01')"
            )
        )
        session.execute(
            text(
                "insert into patients.attachment (patient_id, organization_id, start_date)"
                " select id, :other, '2020-01-01' from patients.patient where temporary_id = 'T-1'"
            ),
            {"other": made.tree["other"]},
        )
    return made


@pytest.fixture(scope="module")
def exported(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hospital as files."""
    out = tmp_path_factory.mktemp("export") / "hospital"
    facility_export.write(clinic.app.state.engine, clinic.tree["hospital"], out)
    return out


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_table_is_exported_or_left_out_with_a_reason() -> None:
    plan = make_plan()
    assert set(plan.rules) | set(plan.left_out) == set(load_all().metadata.tables)
    assert all(plan.left_out.values())
    clinical = {
        name for name in load_all().metadata.tables if name.startswith(("visits.", "episodes.", "patients.pat"))
    }
    assert clinical <= set(plan.rules)
    assert "vault.pseudonym" in plan.left_out
    assert "accounts.account" in plan.left_out


@pytest.mark.req("DATAOUT-01")
def test_export_holds_the_facility_and_nobody_elses_people(clinic: Clinic, exported: Path) -> None:
    people = rows(exported, "patients.patient")
    assert {row["family_name"] for row in people} >= {"Қалиева"}
    assert "Бөтен" not in {row["family_name"] for row in people}
    assert len(people) == 3
    assert {row["name_en"] for row in rows(exported, "organizations.organization")} == {
        "region",
        "hospital",
        "department",
        "site",
    }
    assert len(rows(exported, "visits.encounter")) == 2
    assert len(rows(exported, "patients.patient_link")) == 1
    assert rows(exported, "classifiers.concept")
    assert not (exported / "tables" / "accounts.account.csv").exists()
    assert "row_xid" not in people[0]


@pytest.mark.req("DATAOUT-01")
def test_files_are_described_counted_and_summed(exported: Path) -> None:
    package = json.loads((exported / "datapackage.json").read_text())
    described = {resource["name"]: resource for resource in package["resources"]}
    encounter = described["visits.encounter"]
    assert encounter["rows"] == 2
    assert encounter["description"].startswith("A contact with care.")
    fields = {each["name"]: each for each in encounter["schema"]["fields"]}
    assert fields["event_at"]["type"] == "datetime"
    assert fields["note"]["privacy"] == "free_text"
    assert {
        "fields": ["patient_id"],
        "reference": {"resource": "patients.patient", "fields": ["id"]},
    } in encounter["schema"]["foreignKeys"]
    assert package["left_out"]["vault.pseudonym"]
    subprocess.run(["sha256sum", "--check", "--quiet", "MANIFEST.sha256"], cwd=exported, check=True)


def test_export_leaves_an_audit_row(clinic: Clinic, exported: Path) -> None:
    with clinic.session() as session:
        row = session.scalars(select(Event).where(Event.entity == "facility_export")).one()
        assert row.after is not None
        assert row.after["rows"] > 10
        assert row.entity_id == str(clinic.tree["hospital"])


def test_unknown_organisation_leaves_no_files(clinic: Clinic, tmp_path: Path) -> None:
    with pytest.raises(facility_export.UnknownOrganization):
        facility_export.write(clinic.app.state.engine, 999_999, tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def copied(exported: Path, folder: Path) -> Path:
    subprocess.run(["cp", "-r", str(exported), str(folder)], check=True)
    return folder


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("changed", "was changed"),
        ("removed", "is missing"),
        ("added", "is not in MANIFEST"),
        ("shortened", "rows instead of"),
        ("orphaned", "lead nowhere"),
    ],
)
@pytest.mark.req("DATAOUT-01")
def test_damage_is_found(exported: Path, tmp_path: Path, damage: str, told: str) -> None:
    folder = copied(exported, tmp_path / "copy")
    tables = folder / "tables"
    if damage == "changed":
        file = tables / "visits.encounter.csv"
        file.write_text(file.read_text().replace("ambulatory", "emergency", 1))
    elif damage == "removed":
        (tables / "visits.encounter.csv").unlink()
    elif damage == "added":
        (tables / "more.csv").write_text("id\n1\n")
    elif damage == "shortened":
        file = tables / "visits.condition.csv"
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    else:
        file = tables / "patients.patient.csv"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([lines[0], *lines[2:]]))
    problems = facility_export.verify(folder).problems
    assert any(told in str(problem) for problem in problems), problems


def test_another_folder_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(facility_export.Damaged):
        facility_export.verify(tmp_path)


@pytest.fixture
def empty(installation: Installation) -> Iterator[Database]:
    """A migrated database without rows."""
    made = installation.new_database()
    yield made
    made.close()


@pytest.mark.req("DATAOUT-01", "DATAOUT-02")
def test_empty_installation_takes_it_in_and_gives_the_same_sums(
    clinic: Clinic, exported: Path, empty: Database, tmp_path: Path
) -> None:
    facility_export.load(empty.engine("owner"), exported)
    facility_export.write(empty.engine("app"), clinic.tree["hospital"], tmp_path / "again")
    assert (tmp_path / "again" / "MANIFEST.sha256").read_text() == (exported / "MANIFEST.sha256").read_text()
    with Session(empty.engine("app")) as session:
        # names are found with a typo, people have new pseudonyms, new rows get new numbers
        assert {person.family_name for person in search(session, "Калиива")} == {"Қалиева"}
        assert session.execute(text("select count(*) from vault.pseudonym")).scalar() == 3
        session.execute(
            text(
                "insert into organizations.organization (kind, name_kk, name_ru, name_en, sort_key)"
                " values ('region', 'a', 'a', 'a', 'a')"
            )
        )
    with pytest.raises(facility_export.NotEmpty):
        facility_export.load(empty.engine("owner"), exported)


def test_damaged_export_is_not_taken_in(exported: Path, empty: Database, tmp_path: Path) -> None:
    folder = copied(exported, tmp_path / "copy")
    (folder / "tables" / "visits.encounter.csv").unlink()
    with pytest.raises(facility_export.Damaged):
        facility_export.load(empty.engine("owner"), folder)
    with Session(empty.engine("app")) as session:
        assert session.execute(text("select count(*) from organizations.organization")).scalar() == 0


@pytest.mark.req("DATAOUT-02")
def test_commands_export_check_and_refuse_what_is_not_empty(installation: Installation, tmp_path: Path) -> None:
    out = tmp_path / "out"
    saulyq = CliRunner()
    with postgres.server(installation.settings):
        database.migrate(installation.settings)
        source = Database(OPS_DATABASE, installation.settings)
        clinic = open_clinic(create_app(source.engine("app")))
        clinic.visit(clinic.register().id)
        for engine in source.engines.values():
            engine.dispose()
        words = ["export", "facility", "--org", str(clinic.tree["hospital"]), "--out", str(out), "--json"]
        report = json.loads(saulyq.invoke(app, words).stdout)
        assert report["tables"]["visits.encounter"] == 1
        assert isinstance(saulyq.invoke(app, words).exception, UsageError)
        assert "whole" in saulyq.invoke(app, ["export", "verify", str(out)]).stdout
        refused = saulyq.invoke(app, ["import", "facility", str(out)]).exception
        assert isinstance(refused, SaulyqError)
        assert "already holds rows" in str(refused)
