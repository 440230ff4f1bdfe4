"""Rows a second of each hop beside its bound, and what one more day costs at one, two and three years of history.

Bounds are measured in the same run on the same rows: the extraction beside a binary COPY of the same views
to a client and beside a Parquet write of the same Arrow data, checks and build beside a plain DuckDB scan.
Three days follow each full run: the first reads from the disk what the full run and the bounds pushed out of memory,
so the middle one of them is what a day costs. They are the last three working days, each with the free days before
it. A kept installation holds three years until the day before them (`load region --until`) and is measured once.
"""

from __future__ import annotations

import datetime as dt
import time
from itertools import islice
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from _installation import Installation, installation, is_kept, peak_memory_mb
from _report import Benchmark, at_least, at_most

from warehouse.engines import open_scratch
from warehouse.lake import Lake, parquet_writer

YEARS = (1, 2, 3)
ROWS_IN_GROUP = 122_880
EXTRACT_OF_COPY = 0.6
DAY_OF_FULL = 0.05
DAYS = 3


def main() -> None:
    """Measure, and print the line."""
    run = Benchmark("pipeline", __doc__ or "")
    days = []
    hops: dict[str, object] = {}
    idle: object = None
    for years in YEARS[-1:] if is_kept() else YEARS:
        with installation() as place:
            more_days = last_working_days(DAYS)
            last_day = more_days[0] - dt.timedelta(days=1)
            run.say(f"loading {run.people:,} people, {years} years")
            place.load_region(run.people, years, last_day)
            visit_every_row(place)
            bounds = {}
            if years == max(YEARS):
                run.say("bound: binary COPY")
                bounds["copy"] = copy_bound(place)
            run.say("full run of the pipeline")
            full = place.saulyq("pipeline", "run", "--full")
            if years == max(YEARS):
                lake = Lake(place.home / "lake")
                run.say("bounds: Parquet write, DuckDB scan")
                bounds |= {
                    "parquet_write": parquet_bound(lake, place.home),
                    "duckdb_scan": scan_bound(lake, place.home),
                }
                hops = compare(full, bounds)
            for more in more_days:
                run.say(f"one more day, {more}")
                happened = add_a_day(place, more)
                days.append(one_more_day(years, full, place.saulyq("pipeline", "run"), happened))
            if years == max(YEARS):
                run.say("a run with nothing new")
                idle = place.saulyq("pipeline", "run")["seconds"]
    extract = hops["extract"]
    assert isinstance(extract, dict)
    run.finish(
        {
            "extract / COPY": at_least(extract["of_copy"], EXTRACT_OF_COPY),
            "one more day / full at 3 years": at_most(
                median(float(str(day["day_of_full"])) for day in days if day["years"] == max(YEARS)), DAY_OF_FULL
            ),
        },
        hops=hops,
        one_more_day=days,
        nothing_new_seconds=idle,
        peak_memory_mb=peak_memory_mb(),
    )


def last_working_days(count: int) -> list[dt.date]:
    """The last working days that are over, the earliest first."""
    from ops_app.kit.working_days import is_working

    yesterday = dt.datetime.now(ZoneInfo("Asia/Almaty")).date() - dt.timedelta(days=1)
    before = (yesterday - dt.timedelta(days=back) for back in range(30 * count))
    return list(islice((day for day in before if is_working(day)), count))[::-1]


def visit_every_row(place: Installation) -> None:
    """The first reader of fresh rows marks them as committed; neither side of a comparison should pay for it."""
    with psycopg.connect(place.settings.libpq_url("owner"), autocommit=True) as connection:
        connection.execute("vacuum")


def copy_bound(place: Installation) -> dict[str, float]:
    """Rows a second that the same views give to a client that only receives them."""
    rows = transferred = 0
    started = time.monotonic()
    with psycopg.connect(place.settings.libpq_url("pipeline")) as connection, connection.cursor() as cursor:
        views = [str(view) for (view,) in connection.execute("select view_name from anon.contents").fetchall()]
        for view in views:
            with cursor.copy(f"copy (select * from anon.{view}) to stdout (format binary)".encode()) as copy:
                while data := copy.read():
                    transferred += len(data)
            rows += cursor.rowcount
    return _rate(rows, time.monotonic() - started) | {"megabytes": round(transferred / 2**20, 1)}


def parquet_bound(lake: Lake, home: Path) -> dict[str, float]:
    """Rows a second of writing the same Arrow data as Parquet, the reading not counted."""
    rows, seconds = 0, 0.0
    target = home / "bound.parquet"
    for manifest in lake.manifests().values():
        for path in lake.parts(manifest):
            with pq.ParquetFile(path) as source:
                began = time.monotonic()
                writer = parquet_writer(target, source.schema_arrow)
                seconds += time.monotonic() - began
                for batch in source.iter_batches(ROWS_IN_GROUP):
                    table = pa.Table.from_batches([batch])
                    began = time.monotonic()
                    writer.write_table(table)
                    seconds += time.monotonic() - began
                    rows += table.num_rows
                began = time.monotonic()
                writer.close()
                seconds += time.monotonic() - began
    target.unlink(missing_ok=True)
    return _rate(rows, seconds)


def scan_bound(lake: Lake, home: Path) -> dict[str, float]:
    """Rows a second of reading every value of the lake once, as an analyst's first query would."""
    rows = 0
    started = time.monotonic()
    with open_scratch(home / "scan") as connection:
        for manifest in lake.manifests().values():
            files = [str(path) for path in lake.parts(manifest)]
            if files:
                connection.execute("select count(*), max(columns(*)) from read_parquet($files)", {"files": files})
                rows += int(connection.fetchall()[0][0])
    return _rate(rows, time.monotonic() - started)


def compare(full: dict[str, object], bounds: dict[str, dict[str, float]]) -> dict[str, object]:
    """Each hop's rows a second beside its bounds."""
    seconds, tables = full["seconds"], full["tables"]
    assert isinstance(seconds, dict)
    assert isinstance(tables, dict)
    rows = sum(tables.values())
    hops: dict[str, object] = {"rows": rows, "bounds": bounds}
    for hop, beside in (
        ("extract", ("copy", "parquet_write")),
        ("quality", ("duckdb_scan",)),
        ("dbt", ("duckdb_scan",)),
    ):
        rate = _rate(rows, seconds[hop])
        ratios = {f"of_{name}": round(rate["rows_per_second"] / bounds[name]["rows_per_second"], 3) for name in beside}
        hops[hop] = rate | ratios
    return hops | {hop: {"seconds": seconds[hop]} for hop in seconds if hop not in hops and hop != "total"}


def add_a_day(place: Installation, day: dt.date) -> int:
    """Let one more day happen in the district; the number of rows it wrote."""
    from ingestion.bulk.region import continue_to_now

    evening = dt.datetime.combine(day, dt.time(23, 59), ZoneInfo("Asia/Almaty"))
    report = continue_to_now(database_url=place.settings.database_url("app"), now=evening)
    assert report is not None
    return sum(report.rows.values())


def one_more_day(years: int, full: dict[str, object], day: dict[str, object], happened: int) -> dict[str, object]:
    """What a day cost beside everything."""
    all_seconds, day_seconds, tables = full["seconds"], day["seconds"], full["tables"]
    assert isinstance(all_seconds, dict)
    assert isinstance(day_seconds, dict)
    assert isinstance(tables, dict)
    return {
        "years": years,
        "rows": sum(tables.values()),
        "rows_of_the_day": happened,
        "full_seconds": all_seconds,
        "day_seconds": day_seconds,
        "day_was_full_because": day["full_because"],
        "day_of_full": round(day_seconds["total"] / all_seconds["total"], 4),
    }


def _rate(rows: int, seconds: float) -> dict[str, float]:
    return {"rows": rows, "seconds": round(seconds, 2), "rows_per_second": round(rows / max(seconds, 1e-6))}


if __name__ == "__main__":
    main()
