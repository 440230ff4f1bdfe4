"""What is kept and for how long: lake versions, previous epochs, quarantine, old warehouse files."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.lib.places import Places, Progress, silent
from pipelines.lib.publish import retire
from warehouse.engines import open_scratch
from warehouse.lake import Lake, Manifest, Part, PartWriter, stamp

VERSION_DAYS_VARIABLE = "SAULYQ_LAKE_VERSION_DAYS"
DEFAULT_VERSION_DAYS = 1095
"""Superseded versions answer "as it was known on a date" for three years, then only the newest stays."""
QUARANTINE_DAYS = 365
RESULTS = "quality_result"
NIGHTLY_RESULT_DAYS = 400
MICRO_BATCH_RESULT_DAYS = 7
SMALL_PART_ROWS = 1_000_000
MANY_PARTS = 8
ROWS_AT_ONCE = 122_880


@dataclass(frozen=True)
class Kept:
    """What a retention run did."""

    merged: dict[str, int]
    """Table → files merged into one."""
    dropped: dict[str, int]
    """Table → superseded versions removed."""
    retired: list[str]


def version_days() -> int:
    """Days for which superseded row versions are kept."""
    return int(os.environ.get(VERSION_DAYS_VARIABLE) or DEFAULT_VERSION_DAYS)


def retain(places: Places, now: dt.datetime | None = None, progress: Progress = silent) -> Kept:
    """Merge small files, drop what is older than its time; everything the newest figures need stays."""
    now = now or dt.datetime.now(dt.UTC)
    lake = places.lake
    lake.settle_all()
    oldest = now - dt.timedelta(days=version_days())
    merged: dict[str, int] = {}
    dropped: dict[str, int] = {}
    manifests = lake.manifests()
    for done, (table, manifest) in enumerate(manifests.items()):
        progress("retention", done, len(manifests))
        manifest = _forget_quarantine(lake, manifest, now)
        superseded = _superseded(places, manifest, oldest)
        small = [part for part in manifest.files if part.rows < SMALL_PART_ROWS]
        if superseded:
            dropped[table] = superseded
            ranked = _ranked(lake, manifest, list(manifest.files))
            kept = f"from ({ranked}) where successor_at is null or successor_at > '{oldest.isoformat()}'::timestamptz"
            _rewrite(places, manifest, list(manifest.files), kept, now)
        elif len(small) >= MANY_PARTS:
            merged[table] = len(small)
            kept = f"from {_files(lake, manifest, small)}"
            if table == RESULTS:
                kept += f" where {_results_of_interest(now)}"
            _rewrite(places, manifest, small, kept, now)
        lake.settle(table)
    progress("retention", len(manifests), len(manifests))
    _forget_epochs(lake, oldest)
    return Kept(merged, dropped, retire(places))


def _superseded(places: Places, manifest: Manifest, oldest: dt.datetime) -> int:
    """Versions whose successor was already there at the oldest moment that can still be asked for."""
    old = [part for part in manifest.files if part.extracted_at < oldest.isoformat()]
    if not old or "row_xid" not in manifest.columns:
        return 0
    with open_scratch(places.warehouse / "build" / "scratch") as connection:
        [(count,)] = connection.execute(
            f"select count(*) from ({_ranked(places.lake, manifest, list(manifest.files))}) where successor_at <= ?",
            [oldest],
        ).fetchall()
    return int(count)


def _ranked(lake: Lake, manifest: Manifest, parts: list[Part]) -> str:
    return (
        f"select *, lead(extracted_at) over (partition by {manifest.key_column} order by row_xid, extracted_at) "
        f"as successor_at from {_files(lake, manifest, parts)}"
    )


def _files(lake: Lake, manifest: Manifest, parts: list[Part]) -> str:
    files = ", ".join("'" + str(lake.table(manifest.table) / part.name).replace("'", "''") + "'" for part in parts)
    return f"read_parquet([{files}], union_by_name = true)"


def _results_of_interest(now: dt.datetime) -> str:
    def since(days: int) -> str:
        return f"run_at >= '{(now - dt.timedelta(days=days)).isoformat()}'::timestamptz"

    return f"{since(MICRO_BATCH_RESULT_DAYS)} or engine = 'gx' and {since(NIGHTLY_RESULT_DAYS)}"


def _rewrite(places: Places, manifest: Manifest, parts: list[Part], kept: str, now: dt.datetime) -> None:
    lake = places.lake
    name = f"part-{stamp(now)}-merged.parquet"
    columns = ", ".join(f'"{column}"' for column in manifest.columns)
    with (
        open_scratch(places.warehouse / "build" / "scratch") as connection,
        PartWriter(lake.table(manifest.table) / name, manifest.schema) as writer,
    ):
        for batch in connection.sql(f"select {columns} {kept}").to_arrow_reader(ROWS_AT_ONCE):
            writer.write(pa.Table.from_batches([batch]).cast(manifest.schema))
    checks = {part.checked for part in parts}
    merged = Part(
        name,
        writer.rows,
        max(part.extracted_at for part in parts),
        # merged files count as judged only as far as all of them were
        checks.pop() if len(checks) == 1 else "",
    )
    others = tuple(part for part in manifest.files if part not in parts)
    lake.commit(manifest.changed(files=(*others, merged)))


def _forget_quarantine(lake: Lake, manifest: Manifest, now: dt.datetime) -> Manifest:
    oldest = (now - dt.timedelta(days=QUARANTINE_DAYS)).isoformat()
    kept = tuple(part for part in manifest.quarantined if part.extracted_at >= oldest)
    if kept == manifest.quarantined:
        return manifest
    changed = manifest.changed(quarantined=kept)
    lake.commit(changed)
    return changed


def _forget_epochs(lake: Lake, oldest: dt.datetime) -> None:
    for folder in _folders(lake.previous()):
        if folder.name < stamp(oldest):
            shutil.rmtree(folder)


def _folders(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else []
