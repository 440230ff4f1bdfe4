"""What is kept and for how long: lake versions, previous epochs, quarantine, old warehouse files."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lib.places import Places, Progress, silent
from pipelines.lib.publish import retire
from warehouse.engines import open_scratch
from warehouse.lake import Lake, Manifest, Part, PartWriter, stamp

VERSION_DAYS_VARIABLE = "SAULYQ_LAKE_VERSION_DAYS"
DEFAULT_VERSION_DAYS = 1095
"""Superseded versions answer "as it was known on a date" for three years, then only the newest stays."""
QUARANTINE_DAYS = 365
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
            _rewrite(places, manifest, list(manifest.files), oldest, now)
        elif len(small) >= MANY_PARTS:
            merged[table] = len(small)
            _rewrite(places, manifest, small, None, now)
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
    files = ", ".join("'" + str(lake.table(manifest.table) / part.name).replace("'", "''") + "'" for part in parts)
    return (
        f"select *, lead(extracted_at) over (partition by {manifest.key_column} order by row_xid, extracted_at) "
        f"as successor_at from read_parquet([{files}], union_by_name = true)"
    )


def _rewrite(
    places: Places, manifest: Manifest, parts: list[Part], oldest: dt.datetime | None, now: dt.datetime
) -> None:
    lake = places.lake
    folder = lake.table(manifest.table)
    name = f"part-{stamp(now)}-merged.parquet"
    with PartWriter(folder / name, manifest.schema) as writer:
        if oldest is None:
            for part in parts:
                with pq.ParquetFile(folder / part.name) as file:
                    for batch in file.iter_batches(ROWS_AT_ONCE):
                        writer.write(pa.Table.from_batches([batch]).cast(manifest.schema))
        else:
            with open_scratch(places.warehouse / "build" / "scratch") as connection:
                names = ", ".join(f'"{column}"' for column in manifest.columns)
                kept = connection.sql(
                    f"select {names} from ({_ranked(lake, manifest, parts)}) "
                    f"where successor_at is null or successor_at > '{oldest.isoformat()}'::timestamptz"
                )
                for batch in kept.to_arrow_reader(ROWS_AT_ONCE):
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
