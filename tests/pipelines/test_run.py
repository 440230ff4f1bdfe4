"""A whole run: idempotent, one at a time, on both engines, and without a trace of who anybody is."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pipelines.lib.lock import PipelineBusy, is_busy, pipeline_lock
from pipelines.lib.places import Places
from pipelines.lib.publish import description, served_file
from pipelines.run import HOT, Summary, run_in
from tests.installation import Database
from tests.pipelines.conftest import PROJECT
from tests.pipelines.rows import CANARIES, write_encounter
from warehouse.engines import Engine

Built = tuple[Places, Database, Summary]


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table of a warehouse file, sorted."""
    with duckdb.connect(str(path), read_only=True) as warehouse:
        names = warehouse.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_schema <> 'main'"
        ).fetchall()
        return {
            name: sorted(warehouse.execute(f"select * exclude (as_of) from {name}").fetchall(), key=str)
            if name == "signals.signal_case"
            else sorted(warehouse.execute(f"select * from {name}").fetchall(), key=str)
            for (name,) in names
        }


@pytest.mark.req("DWH-09")
def test_summary_is_json_and_tells_each_hop(built: Built) -> None:
    _, _, summary = built
    document = json.loads(json.dumps(vars(summary)))
    assert document["full"] is True
    assert document["tables"]["patient"] == 20
    assert document["checks"]["engine"] == "gx"
    assert document["dbt"]["models"] == 5
    assert document["dbt"]["tests"] == 3
    assert document["signals"] == {"cases": 4, "sent": 4, "withdrawn": 0}
    assert set(document["seconds"]) == {"extract", "quality", "dbt", "publish", "egress", "total"}
    assert dt.datetime.fromisoformat(document["as_of"]).utcoffset() == dt.timedelta(0)


@pytest.mark.req("DWH-09")
def test_a_rerun_changes_nothing(built: Built) -> None:
    site, _, _ = built
    before = served_file(site)
    assert before is not None
    content = rows_of(before)
    again = run_in(site, project=PROJECT)
    after = served_file(site)
    assert after is not None
    assert after.name == again.published != before.name
    assert again.tables == {}
    assert not again.full
    assert again.signals["sent"] == 0
    assert rows_of(after) == content


def test_a_micro_batch_brings_a_new_case_and_only_what_is_hot(built: Built) -> None:
    site, database, _ = built
    with psycopg.connect(database.libpq("owner")) as connection:
        [(patient,)] = connection.execute("select min(id) from patients.patient").fetchall()
        assert isinstance(patient, int)
        encounter = write_encounter(connection, patient)
        connection.execute(
            "update visits.encounter set end_at = event_at, end_known_at = known_at where id = %s", [encounter]
        )
    summary = run_in(site, project=PROJECT, select=HOT)
    assert summary.tables == {"encounter": 1}
    assert summary.dbt["models"] == 2
    assert summary.signals["sent"] == 1
    with psycopg.connect(database.libpq("app")) as connection:
        found = connection.execute(
            "select state from inbox.signal where event_key = %s", [f"encounter:{encounter}"]
        ).fetchall()
    assert found == [("open",)]


def test_postgres_builds_the_same_rows(built: Built) -> None:
    site, _, _ = built
    summary = run_in(site, engine=Engine.postgres, project=PROJECT)
    assert summary.full
    assert summary.published is None
    served = served_file(site)
    assert served is not None
    with psycopg.connect(site.warehouse_url) as postgres:
        there = postgres.execute("select patient_key, sex, is_current from marts.dim_patient").fetchall()
        assert sorted(there) == sorted(rows_of(served)["marts.dim_patient"])
        raw = postgres.execute("select count(*) from raw.observation").fetchall()
    manifest = site.lake.manifest("observation")
    assert manifest is not None
    assert raw == [(manifest.rows,)]


def test_one_at_a_time(site: Places) -> None:
    with pipeline_lock(site.home):
        assert is_busy(site.home)
        with pytest.raises(PipelineBusy, match="another pipeline run"):
            run_in(site, wait_seconds=0.3, project=PROJECT)
    assert not is_busy(site.home)


def test_an_unknown_engine_is_refused() -> None:
    command = [sys.executable, "-m", "saulyq.cli", "pipeline", "run", "--engine", "oracle"]
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "duckdb" in refused.stderr
    assert refused.stdout == ""


def test_what_is_served_is_described(built: Built) -> None:
    site, _, _ = built
    path = served_file(site)
    assert path is not None
    known = description(path)
    assert known is not None
    assert known.engine == "duckdb"
    assert known.generation == site.lake.generation()


@pytest.mark.req("DWH-01", "DWH-02")
def test_no_canary_in_any_byte(built: Built) -> None:
    site, database, _ = built
    with psycopg.connect(database.libpq("owner")) as connection:
        numbers = [iin for (iin,) in connection.execute("select iin from patients.patient").fetchall()]
    sought = [text.encode(code) for text in (*CANARIES, *map(str, numbers)) for code in ("utf-8", "utf-16-le")]
    seen = 0
    for name, content in contents(site.home):
        seen += len(content)
        for needle in sought:
            assert needle not in content, f"{needle!r} in {name}"
    # the search itself works: pseudonyms and codes are found
    assert seen > 100_000
    assert any(b"I10" in content for _, content in contents(site.home))


def contents(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it lies on the disk, and what is packed inside those that compress."""
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        yield str(path), path.read_bytes()
        if path.suffix == ".parquet":
            yield f"rows of {path}", _rows(pq.read_table(path))
        elif path.suffix == ".duckdb":
            yield f"rows of {path}", str(rows_of(path)).encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path}:{name}", archive.read(name)


def _rows(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return bytes(sink.getvalue().to_pybytes())
