"""A run killed at any point leaves what is served untouched, and the next run completes it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import duckdb
import polars as pl
import psycopg
import pytest

from pipelines.lib.extract import extract
from pipelines.lib.places import Places
from pipelines.lib.publish import served_file
from pipelines.run import Summary, run_in
from quality.run import check
from tests.installation import ROOT, Database
from tests.pipelines.conftest import PROJECT
from tests.pipelines.killed_run import POINTS
from tests.pipelines.rows import write_encounter, write_observation

Built = tuple[Places, Database, Summary]
KILLED = -9

LAKE_POINTS = [point for point in POINTS if point.startswith(("extract", "quality"))]
SMALL_SUITE = {
    "extract: parts written, manifest not",
    "quality: rewritten, not admitted",
    "quality: linked, not admitted",
}
BUILD_POINTS = ["dbt:3", *(point for point in POINTS if point.startswith("publish"))]
SMALL_BUILD_SUITE = {"dbt:3", "publish: moved, pointer not"}


def sized(points: list[str], small: set[str]) -> list[object]:
    """Points of the small suite as they are, the others for full size."""
    return [point if point in small else pytest.param(point, marks=pytest.mark.long) for point in points]


def record_something(database: Database) -> None:
    """One good visit, one good and one impossible measurement."""
    with psycopg.connect(database.libpq("owner")) as connection:
        [(patient,)] = connection.execute("select min(id) from patients.patient").fetchall()
        assert isinstance(patient, int)
        write_encounter(connection, patient)
        write_observation(connection, patient, "8480-6", 131, "mm[Hg]")
        write_observation(connection, patient, "8480-6", 1310, "mm[Hg]")


def start(site: Places, point: str) -> subprocess.Popen[bytes]:
    """A run that will die at a point."""
    named = json.dumps(asdict(site) | {"home": str(site.home)})
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.killed_run", named, point],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def assert_lake_mirrors_the_gate(site: Places, database: Database) -> None:
    """Newest versions and quarantine together are the rows of the views, and no file is unaccounted for."""
    with psycopg.connect(database.libpq("pipeline")) as connection:
        for table in ("encounter", "observation", "patient", "attachment"):
            manifest = site.lake.manifest(table)
            assert manifest is not None
            key = manifest.key_column
            there = connection.execute(f"select {key}, row_xid from anon.{table}").fetchall()
            files = [site.lake.table(table) / part.name for part in manifest.files]
            refused = [site.lake.quarantine(table) / part.name for part in manifest.quarantined]
            rows = pl.concat([pl.read_parquet(path, columns=[key, "row_xid"]) for path in [*files, *refused]])
            assert sorted(rows.rows()) == sorted(there)
            assert not manifest.landed
            on_disk = {path.name for path in site.lake.table(table).glob("*")}
            assert on_disk == {"manifest.json", *(path.name for path in files)}
            assert not list((site.lake.root / "_landing" / table).glob("*"))
            assert sum(part.rows for part in manifest.files) == sum(pl.read_parquet(p).height for p in files)


@pytest.mark.req("DWH-09")
class TestLake:
    @pytest.mark.parametrize("point", sized(LAKE_POINTS, SMALL_SUITE))
    def test_next_run_completes_the_lake(
        self, site: Places, database: Database, patients: list[int], point: str
    ) -> None:
        extract(site)
        check(site.lake)
        record_something(database)
        assert start(site, point).wait(60) == KILLED
        extract(site)
        check(site.lake)
        assert_lake_mirrors_the_gate(site, database)
        again = extract(site)
        assert again.rows == {}


@pytest.mark.req("DWH-09")
class TestServedWarehouse:
    @pytest.mark.parametrize("point", sized(BUILD_POINTS, SMALL_BUILD_SUITE))
    def test_stays_as_it_was_until_the_next_run(self, built: Built, point: str) -> None:
        site, database, _ = built
        before = served_file(site)
        assert before is not None
        content = before.read_bytes()
        record_something(database)
        assert start(site, point).wait(120) == KILLED
        if "pointer moved" not in point:
            assert served_file(site) == before
            assert before.read_bytes() == content
        summary = run_in(site, project=PROJECT)
        assert summary.published != before.name
        assert_lake_mirrors_the_gate(site, database)
        assert_warehouse_is_complete(site, database)

    @pytest.mark.long
    def test_killed_at_random_moments(self, built: Built) -> None:
        site, database, _ = built
        for _ in range(20):
            record_something(database)
            run = start(site, "nowhere")
            time.sleep(random.uniform(1, 12))
            run.kill()
            run.wait()
        run_in(site, project=PROJECT)
        assert_lake_mirrors_the_gate(site, database)
        assert_warehouse_is_complete(site, database)


def assert_warehouse_is_complete(site: Places, database: Database) -> None:
    """The served file has every visit that the checks let in, and nothing lies beside it."""
    served = served_file(site)
    assert served is not None
    manifest = site.lake.manifest("encounter")
    assert manifest is not None
    admitted = pl.concat([pl.read_parquet(path, columns=["id"]) for path in site.lake.parts(manifest)])
    with duckdb.connect(str(served), read_only=True) as warehouse:
        [(visits, distinct)] = warehouse.execute(
            "select count(*), count(distinct id) from staging.stg_encounter"
        ).fetchall()
    assert visits == distinct == admitted["id"].n_unique()
    names = {path.name for path in site.warehouse.glob("*")}
    published = sorted(site.warehouse.glob("saulyq-*.duckdb"))
    assert len(published) <= 2
    assert names == {"current", *(p.name for p in published), *(p.with_suffix(".json").name for p in published)}
    assert not list(Path(site.home).rglob("*.draft"))
