"""Synthea folders: everything good loads, everything bad is named, nothing changes twice."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion.bulk import synthea
from ingestion.bulk.input_error import InputError
from ingestion.bulk.report import LoadReport
from tests.ingestion.bulk import synthea_folder as folder
from tests.installation import Database
from tests.shared_data import shared


def load(database: Database, directory: Path, tmp_path: Path) -> LoadReport:
    return synthea.load(directory, database_url=database.url("app"), rejects_path=tmp_path / "rejects.jsonl")


def fetch(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.libpq("app")) as connection:
        return connection.execute(query).fetchall()


def rejected(report: LoadReport) -> list[dict[str, Any]]:
    assert report.rejects_file is not None
    return [json.loads(line) for line in report.rejects_file.read_text(encoding="utf-8").splitlines()]


def test_a_folder_that_is_no_export_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"patients\.csv"):
        load(database, tmp_path, tmp_path)


@pytest.mark.req("REG-04", "REG-05", "CARD-01", "CARD-07")
def test_a_folder_becomes_records(database: Database, tmp_path: Path) -> None:
    report = load(database, folder.write(tmp_path / "set"), tmp_path)
    assert {name: (count.read, count.loaded) for name, count in report.entities.items()} == {
        "organizations": (1, 1),
        "practitioners": (1, 1),
        "patients": (2, 2),
        "encounters": (2, 2),
        "conditions": (3, 3),
        "observations": (3, 3),
        "procedures": (1, 1),
        "immunizations": (1, 1),
        "medications": (1, 1),
        "pregnancies": (1, 1),
        "deaths": (1, 1),
    }
    assert report.rejects_file is None
    assert dict(report.unmapped) == {"000000000": 1}
    assert fetch(database, "select icd10, original_code from visits.condition order by id") == [
        ("I21.9", "22298006"),
        ("Z34.9", "72892002"),
        (None, "000000000"),
    ]
    assert fetch(database, "select evidence, value_number, unit from visits.observation order by id") == [
        ("measured", 118.0, "mm[Hg]"),
        ("typed", None, None),
        ("typed", 0.9, None),
    ]
    assert fetch(database, "select status, outcome from episodes.episode_of_care") == [("finished", "live_birth")]
    assert fetch(database, "select known_at = event_at, source from visits.encounter limit 1") == [(True, "import")]


def test_the_same_set_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    directory = folder.write(tmp_path / "set")
    load(database, directory, tmp_path)
    tables = ("visits.observation", "patients.patient", "episodes.episode_of_care")
    versions = " union all ".join(f"select max(row_xid), count(*) from {table}" for table in tables)
    before = fetch(database, versions)
    report = load(database, directory, tmp_path)
    assert fetch(database, versions) == before
    assert all(count.unchanged == count.read and not count.loaded for count in report.entities.values())


BAD_ROWS = {
    "patients": [
        "p-3,2999-01-01,,Future,Person,F,,,",
        "p-4,1800-01-01,,Old,Person,F,,,",
        "p-5,1990-13-01,,Bad,Month,F,,,",
        "p-6,1990-01-01,,Odd,Sex,X9,,,",
        "p-7,1990-01-01",
    ],
    "encounters": [
        f"e-3,2020-01-10T09:00:00Z,2019-01-10T09:15:00Z,{folder.AIGERIM},{folder.ORGANIZATION},{folder.DOCTOR},wellness,1",
        f"e-4,2020-01-10T09:00:00Z,,nobody,{folder.ORGANIZATION},{folder.DOCTOR},wellness,1",
        f"e-5,2020-01-10T09:00:00Z,,{folder.AIGERIM},{folder.ORGANIZATION},{folder.DOCTOR},carnival,1",
    ],
    "observations": [
        f"2020-01-10T09:05:00Z,{folder.AIGERIM},{folder.VISIT},vital-signs,8480-6,Systolic,NaN,mm[Hg],numeric",
        f"2020-01-10T09:05:00Z,{folder.AIGERIM},{folder.VISIT},vital-signs,8480-6,Systolic,high,mm[Hg],numeric",
        f"2020-01-10T09:05:00Z,{folder.AIGERIM},e-404,vital-signs,8480-6,Systolic,120,mm[Hg],numeric",
    ],
}


def test_a_bad_row_is_named_and_the_rest_loads(database: Database, tmp_path: Path) -> None:
    directory = folder.write(tmp_path / "set", BAD_ROWS)
    report = load(database, directory, tmp_path)
    rows = rejected(report)
    assert [(row["file"], row["line"]) for row in rows if row["entity"] == "patients"] == [
        ("patients.csv", 4),
        ("patients.csv", 6),
        ("patients.csv", 7),
        ("patients.csv", 8),
        ("patients.csv", 5),
    ]
    reasons = " | ".join(row["reason"] for row in rows)
    for words in (
        "in the future",
        "before 1880",
        "not a date",
        "unknown sex",
        "2 columns where the header has 9",
        "the end is before the start",
        "patient nobody was not loaded",
        "unknown encounter class",
        "not a finite number",
        "not a number",
        "encounter e-404 was not loaded",
    ):
        assert words in reasons
    assert all(count.read == count.loaded + count.rejected + count.unchanged for count in report.entities.values())
    assert report.entities["patients"].loaded == 2
    assert fetch(database, "select count(*) from visits.observation") == [(3,)]


def test_bytes_that_are_no_text_cost_one_row(database: Database, tmp_path: Path) -> None:
    directory = folder.write(tmp_path / "set")
    with (directory / "patients.csv").open("ab") as stream:
        stream.write(b"p-8,1990-01-01,,\xff\xfe,Person,F,,,\np-9,1990-01-01,,A\x00B,Person,F,,,\n")
    report = load(database, directory, tmp_path)
    assert [row["reason"] for row in rejected(report)] == ["is not UTF-8", "contains a NUL character"]
    assert report.entities["patients"].loaded == 2


def test_files_of_other_systems_load_and_broken_ones_are_named(database: Database, tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, a blank first line; beside them empty, foreign and damaged files."""
    directory = folder.write(tmp_path / "set")
    marked = (directory / "patients.csv").read_bytes().replace(b"Id,", b'"Id",', 1).replace(b"\n", b"\r\n")
    (directory / "patients.csv").write_bytes(b"\xef\xbb\xbf" + marked)
    (directory / "encounters.csv").write_text("\n" + (directory / "encounters.csv").read_text())
    (directory / "observations.csv").write_bytes(b"")
    (directory / "procedures.csv").write_text("one,two\n1,2\n")
    (directory / "immunizations.csv").unlink()
    (directory / "immunizations.csv.gz").write_bytes(b"DATE,PATIENT,ENCOUNTER,CODE\n")
    whole = gzip.compress((directory / "medications.csv").read_bytes() * 50, mtime=0)
    (directory / "medications.csv").unlink()
    (directory / "medications.csv.gz").write_bytes(whole[:20] + b"\xff" * 40 + whole[60:])
    report = load(database, directory, tmp_path)
    loaded = {name: count.loaded for name, count in report.entities.items()}
    assert (loaded["patients"], loaded["encounters"], loaded["conditions"], loaded["observations"]) == (2, 2, 3, 0)
    assert {row["file"] for row in rejected(report)} == {
        "procedures.csv",
        "immunizations.csv.gz",
        "medications.csv.gz",
    }
    [foreign] = [row for row in rejected(report) if row["file"] == "procedures.csv"]
    assert foreign["line"] == 2 and "PATIENT" in foreign["reason"]


def test_a_cut_gz_file_loads_up_to_the_cut(database: Database, tmp_path: Path) -> None:
    directory = folder.write(tmp_path / "set")
    text = (directory / "immunizations.csv").read_bytes() + b"".join(
        f"2020-01-10T09:07:{i % 60:02}Z,{folder.AIGERIM},{folder.VISIT},{i}\n".encode() for i in range(5000)
    )
    (directory / "immunizations.csv").unlink()
    (directory / "immunizations.csv.gz").write_bytes(gzip.compress(text)[:-2000])
    report = load(database, directory, tmp_path)
    assert "breaks here" in rejected(report)[0]["reason"]
    assert report.entities["immunizations"].loaded > 100


@pytest.mark.parametrize("name", ["krv10", "dbt_synthea"])
def test_shared_sets_load_whole(database: Database, tmp_path: Path, name: str) -> None:
    directory = shared("synthea_csv") / name
    report = load(database, directory, tmp_path)
    for entity, file in (("patients", "patients"), ("encounters", "encounters"), ("observations", "observations")):
        count = report.entities[entity]
        assert count.read == len(folder.rows_of(directory / f"{file}.csv"))
        assert count.rejected == 0
        assert count.loaded > 0
