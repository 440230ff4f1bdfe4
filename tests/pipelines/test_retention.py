"""The lake forgets what it must and keeps what the figures of any kept date need."""

from __future__ import annotations

import datetime as dt

import polars as pl
import psycopg
import pytest

from pipelines.lib.extract import extract
from pipelines.lib.forget import forget_destroyed
from pipelines.lib.places import Places
from pipelines.lib.retention import MANY_PARTS, VERSION_DAYS_VARIABLE, retain
from quality.run import check
from tests.installation import Database


def admitted(site: Places, table: str) -> pl.DataFrame:
    """Rows the warehouse may read."""
    return pl.read_parquet(site.lake.table(table) / "*.parquet")


def correct(database: Database, patient: int, code: str) -> None:
    """One more version of a diagnosis."""
    with psycopg.connect(database.libpq("owner")) as connection:
        connection.execute("update visits.condition set icd10 = %s where patient_id = %s", [code, patient])


def take(site: Places) -> None:
    """One extraction with its checks."""
    extract(site)
    check(site.lake)


def test_many_small_files_become_one_and_every_version_stays(
    site: Places, database: Database, patients: list[int]
) -> None:
    take(site)
    for number in range(MANY_PARTS):
        correct(database, patients[0], f"I1{number}")
        take(site)
    before = admitted(site, "condition")
    kept = retain(site)
    assert kept.merged["condition"] == MANY_PARTS + 1
    assert kept.dropped == {}
    after = admitted(site, "condition")
    order = ["id", "row_xid"]
    assert after.sort(order).equals(before.sort(order))
    assert len(list(site.lake.table("condition").glob("*.parquet"))) == 1
    assert extract(site).rows == {}


def test_superseded_versions_go_after_their_days(
    site: Places, database: Database, patients: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(site)
    correct(database, patients[0], "I11")
    take(site)
    correct(database, patients[0], "I12")
    take(site)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=31)
    monkeypatch.setenv(VERSION_DAYS_VARIABLE, "40")
    assert retain(site, later).dropped == {}
    assert admitted(site, "condition").height == len(patients) + 2
    monkeypatch.setenv(VERSION_DAYS_VARIABLE, "30")
    assert retain(site, later).dropped == {"condition": 2}
    rows = admitted(site, "condition")
    assert rows.height == len(patients)
    assert rows.filter(pl.col("icd10") == "I12").height == 1


@pytest.mark.req("DWH-02")
def test_destroyed_people_leave_every_file(site: Places, database: Database, patients: list[int]) -> None:
    take(site)
    with psycopg.connect(database.libpq("owner")) as connection:
        [(key,)] = connection.execute(
            "select patient_key::text from vault.pseudonym where patient_id = %s", [patients[0]]
        ).fetchall()
        connection.execute("insert into patients.tombstone (patient_key) values (%s)", [key])
    take(site)
    generation = site.lake.generation()
    assert forget_destroyed(site.lake) == 1
    assert forget_destroyed(site.lake) == 0
    assert site.lake.generation() != generation
    for path in site.lake.root.rglob("*.parquet"):
        frame = pl.read_parquet(path)
        if "patient_key" in frame.columns and path.parent.name != "tombstone":
            assert key not in set(frame["patient_key"])
    assert admitted(site, "patient").height == len(patients) - 1
    manifest = site.lake.manifest("observation")
    assert manifest is not None
    assert manifest.rows == admitted(site, "observation").height == 2 * len(patients) - 2


@pytest.mark.req("DWH-02")
def test_versions_of_a_former_server_are_kept_aside_and_forget_too(
    site: Places, database: Database, patients: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(site)
    manifest = site.lake.manifest("patient")
    assert manifest is not None
    site.lake.commit(manifest.changed(watermark=10**12, snapshot=f"{10**12}:{10**12}:"))
    take(site)
    [aside] = site.lake.previous().glob("*/patient/*.parquet")
    key = pl.read_parquet(aside)["patient_key"][0]
    with psycopg.connect(database.libpq("owner")) as connection:
        connection.execute("insert into patients.tombstone (patient_key) values (%s)", [key])
    take(site)
    forget_destroyed(site.lake)
    assert key not in set(pl.read_parquet(aside)["patient_key"])
    monkeypatch.setenv(VERSION_DAYS_VARIABLE, "30")
    retain(site, dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
    assert not list(site.lake.previous().iterdir())


def test_results_of_micro_batches_are_forgotten_first(site: Places, database: Database, patients: list[int]) -> None:
    extract(site)
    check(site.lake, thorough=True)
    for number in range(MANY_PARTS):
        correct(database, patients[0], f"I1{number}")
        take(site)
    before = admitted(site, "quality_result")
    assert set(before["engine"]) == {"gx", "scan"}
    retain(site, dt.datetime.now(dt.UTC) + dt.timedelta(days=8))
    after = admitted(site, "quality_result")
    assert after.height == before.filter(engine="gx").height
    assert set(after["engine"]) == {"gx"}
