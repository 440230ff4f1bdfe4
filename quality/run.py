"""Second hop: judge what was extracted and let it into the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from quality import version, waiting
from quality.admit import Judge, Tally, judge_part
from quality.expectations import great, scan
from quality.results import Result, store
from quality.suites import suites
from quality.suites.suite import Suite
from quality.units import unit_titles
from warehouse.lake import REFUSED_BEFORE, Lake, Manifest, Part, PartWriter, link_into, schema_of, stamp

Engine = Literal["gx", "scan"]
LOAD_ROWS = 250_000
"""From here on a run is a load, and Great Expectations' start-up time does not matter. A working day of a region of a
million people is 60,000 rows."""
UNITS_TABLE = "unit"
UNIT_COLUMNS = {
    "ucum": "text",
    "title_kk": "text",
    "title_ru": "text",
    "title_en": "text",
    "extracted_at": "timestamptz",
}

_JUDGES: dict[Engine, Judge] = {"gx": great.verdicts, "scan": scan.verdicts}


@dataclass(frozen=True)
class Report:
    """What one run of the checks found."""

    engine: Engine
    admitted: dict[str, int]
    """Table → row versions let in."""
    quarantined: dict[str, int]
    """Table → row versions set aside, where there are any."""
    results: list[Result]
    waiting: list[Result]
    """Rows that stand in quarantine now, by dataset and reason."""


def check(
    lake: Lake,
    thorough: bool = False,
    progress: Callable[[str, int, int], None] = lambda hop, done, total: None,
) -> Report:
    """Judge everything that landed; a thorough run judges by Great Expectations, and again what it has not seen.

    Small runs use the fused scan of the same rules, because importing Great Expectations alone takes
    longer than the rest of a micro-batch.
    """
    lake.settle_all()
    manifests = lake.manifests()
    landed = sum(part.rows for manifest in manifests.values() for part in manifest.landed)
    engine: Engine = "gx" if thorough or landed >= LOAD_ROWS else "scan"
    run_at = dt.datetime.now(dt.UTC)
    report = Report(engine, {}, {}, [], [])
    for done, (table, manifest) in enumerate(manifests.items()):
        progress("quality", done, len(manifests))
        _check_table(lake, manifest, engine, thorough, report)
        lake.settle(table)
    progress("quality", len(manifests), len(manifests))
    said = [*report.results, *report.waiting]
    if said or lake.manifest("quality_result") is None:
        store(lake, said, engine, run_at)
    _publish_units(lake, run_at)
    return report


def _check_table(lake: Lake, manifest: Manifest, engine: Engine, thorough: bool, report: Report) -> None:
    table = manifest.table
    suite = suites().get(table) or Suite(table, ())
    # what was refused before and is read again says nothing of how good the news are
    tally, second = Tally(suite), Tally(suite)
    checked = f"{engine}:{version.rules_version()}"
    again = _to_judge_again(manifest, checked) if thorough else []
    admitted = [part for part in manifest.files if part not in again]
    quarantined = list(manifest.quarantined)
    refused = 0
    for part, folder in [
        *((part, lake.table(table)) for part in again),
        *((part, lake.landing(table)) for part in manifest.landed),
    ]:
        counted = second if part.checked == REFUSED_BEFORE else tally
        good, bad = judge_part(lake, manifest, part, folder, _JUDGES[engine], checked, counted)
        if good is not None:
            if good.name == part.name and folder != lake.table(table):
                link_into(folder / part.name, lake.table(table))
            admitted.append(good)
        if bad is not None:
            quarantined.append(bad)
            refused += bad.rows
            if part in again:
                lake.renew_generation()
    if not again and not manifest.landed:
        # a thorough run repeats all that waits, so that nothing older has to be kept to know it
        if engine == "gx":
            report.waiting.extend(waiting.results(lake, manifest, suite))
        return
    judged = manifest.changed(landed=(), files=tuple(admitted), quarantined=tuple(quarantined))
    lake.commit(judged)
    report.waiting.extend(waiting.results(lake, judged, suite))
    report.admitted[table] = sum(part.rows for part in manifest.landed) - refused
    if refused:
        report.quarantined[table] = refused
    if tally.rows:
        report.results.extend(tally.results())


def _to_judge_again(manifest: Manifest, checked: str) -> list[Part]:
    # let in by the scan, or by rules and thresholds that have changed since
    if manifest.server is None or manifest.table not in suites():
        return []
    return [part for part in manifest.files if part.checked != checked]


def _publish_units(lake: Lake, run_at: dt.datetime) -> None:
    """Give the warehouse the full names of the units, anew when they changed."""
    manifest = lake.manifest(UNITS_TABLE)
    name = f"part-{version.rules_version()}.parquet"
    if manifest is not None and [part.name for part in manifest.files] == [name]:
        return
    rows = [{**{key: row[key] for key in UNIT_COLUMNS if key in row}, "extracted_at": run_at} for row in unit_titles()]
    with PartWriter(lake.table(UNITS_TABLE) / name, schema_of(UNIT_COLUMNS)) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=schema_of(UNIT_COLUMNS)))
    part = Part(name, len(rows), run_at.isoformat())
    lake.commit(Manifest(UNITS_TABLE, "ucum", UNIT_COLUMNS, epoch=stamp(run_at), files=(part,)))
    lake.settle(UNITS_TABLE)
