"""Destroyed people leave the lake: every file that names one is written anew without the rows."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.lake import Lake, Manifest, Part, PartWriter, write_durably

TOMBSTONES = "tombstone"
FORGOTTEN = "forgotten.json"
PERSON_COLUMNS = ("patient_key", "other_patient_key")
ROWS_AT_ONCE = 122_880


def forget_destroyed(lake: Lake) -> int:
    """Remove the rows of people whose tombstone arrived since; returns how many people."""
    keys = _tombstones(lake)
    forgotten = set(_read(lake))
    new = sorted(keys - forgotten)
    if not new:
        return 0
    # before the first row goes: a run killed from here on makes the next build a full one
    lake.renew_generation()
    doomed = pa.array(new, pa.string())
    for table, manifest in lake.manifests().items():
        if table != TOMBSTONES and any(column in manifest.columns for column in PERSON_COLUMNS):
            _forget_in_table(lake, manifest, doomed, f"f{len(keys)}")
    for path in sorted(lake.previous().glob("*/*/*.parquet")):
        if path.parent.name != TOMBSTONES:
            _forget_in_file(path, path, doomed)
    write_durably(lake.root / FORGOTTEN, json.dumps(sorted(keys)))
    return len(new)


def _tombstones(lake: Lake) -> set[str]:
    manifest = lake.manifest(TOMBSTONES)
    keys: set[str] = set()
    for path in lake.parts(manifest) if manifest is not None else ():
        keys.update(pl.read_parquet(path, columns=["patient_key"])["patient_key"].to_list())
    return keys


def _read(lake: Lake) -> list[str]:
    try:
        keys: list[str] = json.loads((lake.root / FORGOTTEN).read_text())
    except FileNotFoundError:
        return []
    return keys


def _forget_in_table(lake: Lake, manifest: Manifest, doomed: pa.Array, mark: str) -> None:
    def without(parts: tuple[Part, ...], folder: Path) -> tuple[Part, ...]:
        kept = []
        for part in parts:
            name = f"{Path(part.name).stem}-{mark}.parquet"
            rows = _forget_in_file(folder / part.name, folder / name, doomed)
            if rows is None:
                kept.append(part)
            elif rows:
                kept.append(Part(name, rows, part.extracted_at, part.checked))
        return tuple(kept)

    table = manifest.table
    changed = manifest.changed(
        landed=without(manifest.landed, lake.landing(table)),
        files=without(manifest.files, lake.table(table)),
        quarantined=without(manifest.quarantined, lake.quarantine(table)),
    )
    if changed != manifest:
        lake.commit(changed)
    lake.settle(table)


def _forget_in_file(path: Path, target: Path, doomed: pa.Array) -> int | None:
    """Write the file without the doomed rows; None when it had none, else the rows left."""
    with pq.ParquetFile(path) as file:
        columns = [column for column in PERSON_COLUMNS if column in file.schema_arrow.names]
        if not columns or not any(
            pc.any(_names_one(batch, columns, doomed)).as_py()
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns)
        ):
            return None
        with PartWriter(target, file.schema_arrow) as writer:
            for batch in file.iter_batches(ROWS_AT_ONCE):
                kept = pa.Table.from_batches([batch]).filter(pc.invert(_names_one(batch, columns, doomed)))
                writer.write(kept)
        return writer.rows


def _names_one(batch: pa.RecordBatch, columns: list[str], doomed: pa.Array) -> pa.BooleanArray:
    named = pc.is_in(batch[columns[0]], value_set=doomed)
    for column in columns[1:]:
        named = pc.or_(named, pc.is_in(batch[column], value_set=doomed))
    return named
