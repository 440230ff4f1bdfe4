"""First hop: new row versions of every `anon` view, streamed to Parquet files in the landing folders."""

from __future__ import annotations

import datetime as dt
import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pipelines.lib.places import Places, Progress, silent
from pipelines.lib.source import Gate, Snapshot, new_rows, open_gate, these_versions
from quality import version, waiting
from quality.version import refused_by_other_rules
from saulyq.errors import SaulyqError
from warehouse.lake import (
    ARROW_TYPES,
    REFUSED_BEFORE,
    Lake,
    LakeError,
    Manifest,
    Part,
    PartWriter,
    link_into,
    stamp,
    type_names,
    write_durably,
)

ROWS_IN_GROUP = 122_880
ROWS_IN_PART = 4_000_000
REFUSED_AT_ONCE = 50_000
"""Rows named in one statement."""
BATCHES_AHEAD = 4
"""Batches read while the writer is busy; with their size they bound the memory of a run."""
AS_OF_FILE = "as_of"


@dataclass(frozen=True)
class Extraction:
    """What one extraction did."""

    as_of: dt.datetime
    rows: dict[str, int]
    """Table → row versions taken; tables without news are absent."""
    anew: dict[str, str]
    """Table → why everything was extracted again."""

    @property
    def total(self) -> int:
        """Row versions taken from all tables."""
        return sum(self.rows.values())


def extract(places: Places, progress: Progress = silent) -> Extraction:
    """Take every row version that no earlier run has taken, from one snapshot of all views."""
    lake = places.lake
    lake.settle_all()
    rows: dict[str, int] = {}
    anew: dict[str, str] = {}
    with open_gate(places.gate_url) as gate:
        snapshot = gate.snapshot
        manifests = lake.manifests()
        for table, reason in _reasons_to_begin_anew(snapshot, gate, manifests).items():
            anew[table] = reason
            del manifests[table]
        for manifest in [each for each in manifests.values() if refused_by_other_rules(each)]:
            manifests[manifest.table], taken = _read_refused(lake, gate, manifest)
            if taken:
                rows[manifest.table] = taken
        pending = gate.pending(manifests)
        for done, table in enumerate(pending):
            progress("extract", done, len(pending))
            taken = _extract_table(lake, gate, table, manifests.get(table), table in anew)
            if taken or table not in manifests:
                rows[table] = rows.get(table, 0) + taken
        progress("extract", len(pending), len(pending))
    write_durably(lake.root / AS_OF_FILE, snapshot.as_of.isoformat())
    return Extraction(snapshot.as_of, rows, anew)


def last_as_of(lake: Lake) -> dt.datetime | None:
    """The moment the newest finished extraction saw."""
    try:
        return dt.datetime.fromisoformat((lake.root / AS_OF_FILE).read_text())
    except FileNotFoundError:
        return None


def has_news(places: Places) -> bool:
    """Whether an extraction would take anything; costs one short query."""
    manifests = places.lake.manifests()
    if any(refused_by_other_rules(manifest) for manifest in manifests.values()):
        return True
    with open_gate(places.gate_url) as gate:
        if _reasons_to_begin_anew(gate.snapshot, gate, manifests):
            return True
        return bool(gate.pending(manifests))


def _reasons_to_begin_anew(snapshot: Snapshot, gate: Gate, manifests: dict[str, Manifest]) -> dict[str, str]:
    reasons = {}
    columns = _view_columns(gate)
    for table, manifest in manifests.items():
        if table not in snapshot.views or manifest.server is None:
            continue
        if manifest.server.system_identifier != snapshot.server.system_identifier:
            reasons[table] = "another database server"
        elif manifest.server != snapshot.server:
            reasons[table] = "the database was restored"
        elif snapshot.xmin < manifest.watermark:
            reasons[table] = "transaction numbers went back"
        elif list(manifest.source_columns.items()) != columns.get(table):
            reasons[table] = "the view has other columns"
    return reasons


def _view_columns(gate: Gate) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for view, column, kind in gate.rows(
        "select c.relname::text, a.attname::text, t.typname::text from pg_class c "
        "join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid "
        "where c.relnamespace = 'anon'::regnamespace and a.attnum > 0 and not a.attisdropped "
        "order by c.relname, a.attnum"
    ):
        name = {"int8": "bigint", "int4": "int"}.get(str(kind), str(kind))
        found.setdefault(str(view), []).append((str(column), name))
    return found


def _extract_table(lake: Lake, gate: Gate, table: str, manifest: Manifest | None, anew: bool) -> int:
    snapshot = gate.snapshot
    condition = f" where {new_rows(manifest)}" if manifest else ""
    with gate.batches(f"select t.* from anon.{table} t{condition}") as reader:
        try:
            source_columns = type_names(reader.schema)
        except LakeError as error:
            raise SaulyqError("view anon.%(table)s: %(error)s", table=table, error=error) from None
        landed = _write_parts(lake.landing(table), reader, snapshot.as_of)
    if manifest is None:
        previous = lake.manifest(table) if anew else None
        if previous is not None:
            lake.renew_generation()
            _keep_previous(lake, previous)
        manifest = Manifest(
            table=table,
            key_column=snapshot.views[table],
            columns={**source_columns, "extracted_at": "timestamptz"},
            source_columns=source_columns,
            epoch=stamp(snapshot.as_of),
        )
    lake.commit(
        manifest.changed(
            server=snapshot.server,
            snapshot=snapshot.text,
            watermark=snapshot.xmin,
            extracted_at=snapshot.as_of.isoformat(),
            landed=(*manifest.landed, *landed),
        )
    )
    lake.settle(table)
    return sum(part.rows for part in landed)


def _read_refused(lake: Lake, gate: Gate, manifest: Manifest) -> tuple[Manifest, int]:
    """Land the rows that wait in quarantine once more: a rule that refused them was changed since.

    They are read from their source, not from quarantine, where values that named a person were blanked. A row that was
    corrected has another version and came by itself.
    """
    landed: list[Part] = []
    rows = waiting.rows(lake, manifest) if manifest.table in gate.snapshot.views else None
    for begin in range(0, 0 if rows is None else rows.height, REFUSED_AT_ONCE):
        assert rows is not None
        condition = these_versions(manifest, rows[begin : begin + REFUSED_AT_ONCE].select("key", "row_xid").rows())
        with gate.batches(f"select t.* from anon.{manifest.table} t where {condition}") as reader:
            parts = _write_parts(lake.landing(manifest.table), reader, gate.snapshot.as_of, f"again{begin}")
        landed.extend(replace(part, checked=REFUSED_BEFORE) for part in parts)
    judged = tuple(replace(part, checked=f"again:{version.rules_version()}") for part in manifest.quarantined)
    changed = manifest.changed(landed=(*manifest.landed, *landed), quarantined=judged)
    lake.commit(changed)
    lake.settle(manifest.table)
    return changed, sum(part.rows for part in landed)


def _keep_previous(lake: Lake, manifest: Manifest) -> None:
    # Versions of the old server still answer "as it was known then"; retention removes them later.
    folder = lake.previous() / manifest.epoch / manifest.table
    for path in lake.parts(manifest):
        link_into(path, folder)


def _write_parts(
    folder: Path, reader: pa.RecordBatchReader, as_of: dt.datetime, kind: str = "part"
) -> tuple[Part, ...]:
    schema = pa.schema([pa.field(column.name, column.type) for column in reader.schema])
    schema = schema.append(pa.field("extracted_at", ARROW_TYPES["timestamptz"]))
    parts: list[Part] = []
    with ExitStack() as open_files:
        writer: PartWriter | None = None
        for group in _row_groups(reader):
            if writer is None or writer.rows >= ROWS_IN_PART:
                if writer is not None:
                    open_files.close()
                    parts.append(Part(writer.path.name, writer.rows, as_of.isoformat()))
                name = f"{kind}-{stamp(as_of)}-{len(parts):04d}.parquet"
                writer = open_files.enter_context(PartWriter(folder / name, schema))
            extracted_at = pa.repeat(pa.scalar(as_of, ARROW_TYPES["timestamptz"]), group.num_rows)
            columns = [*group.columns, pa.chunked_array([extracted_at])]
            writer.write(pa.Table.from_arrays(columns, schema=schema))
    if writer is not None:
        parts.append(Part(writer.path.name, writer.rows, as_of.isoformat()))
    return tuple(parts)


def _row_groups(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Gather batches into row groups while a second thread keeps the connection reading."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in _read_ahead(reader):
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROWS_IN_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting)


def _read_ahead(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    ahead: queue.Queue[pa.RecordBatch | Exception | None] = queue.Queue(BATCHES_AHEAD)
    abandoned = threading.Event()

    def read() -> None:
        try:
            for batch in reader:
                if batch.num_rows and not _offer(ahead, batch, abandoned):
                    return
        except Exception as error:  # handed over to the thread that consumes
            _offer(ahead, error, abandoned)
        else:
            _offer(ahead, None, abandoned)

    thread = threading.Thread(target=read, name="gate reader")
    thread.start()
    try:
        while (item := ahead.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        abandoned.set()
        thread.join()


def _offer(
    ahead: queue.Queue[pa.RecordBatch | Exception | None],
    item: pa.RecordBatch | Exception | None,
    abandoned: threading.Event,
) -> bool:
    while not abandoned.is_set():
        try:
            ahead.put(item, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False
