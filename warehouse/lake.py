"""The lake: append-only row versions as Parquet, one folder a table, one manifest a folder.

A manifest is the truth about its folder. Files are made durable first, then the manifest is replaced
in one rename; a file no manifest names is a leftover of a killed run and is removed by `settle`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MANIFEST = "manifest.json"
EMPTY_PART = "empty.parquet"
GENERATION = "generation"
REFUSED_BEFORE = "refused before"
"""Stands for the checks in a landed file whose rows were in quarantine and are to be judged again."""
COMPRESSION = "lz4"
"""Written and read once or twice on the same disk: half the work of zstd, for files a half larger."""

ARROW_TYPES: dict[str, pa.DataType] = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "float8": pa.float64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}
"""The only types that pass: ADBC carries these faithfully, every engine of the warehouse has them."""

_TYPE_NAMES = {kind: name for name, kind in ARROW_TYPES.items()}


class LakeError(Exception):
    """The lake cannot take or give what was asked; the text says why."""


@dataclass(frozen=True)
class Part:
    """One Parquet file of a table."""

    name: str
    rows: int
    extracted_at: str
    checked: str = ""
    """Which engine and version of the checks let it in or refused it."""


@dataclass(frozen=True)
class Server:
    """The database the rows came from; another one means that transaction ids mean something else."""

    system_identifier: str
    timeline: int
    database: str


@dataclass(frozen=True)
class Manifest:
    """What a table's folder holds and how far the source has been read."""

    table: str
    key_column: str
    columns: dict[str, str]
    """Name → type of the columns of the admitted files."""
    source_columns: dict[str, str] = field(default_factory=dict)
    server: Server | None = None
    epoch: str = ""
    """When extraction last began anew; versions of different epochs do not compare."""
    snapshot: str = ""
    watermark: int = 0
    extracted_at: str = ""
    landed: tuple[Part, ...] = ()
    """Extracted, not yet checked."""
    files: tuple[Part, ...] = ()
    """Admitted: what the warehouse reads."""
    quarantined: tuple[Part, ...] = ()

    @property
    def rows(self) -> int:
        """Row versions the warehouse may read."""
        return sum(part.rows for part in self.files)

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of the admitted files."""
        return schema_of(self.columns)

    def changed(self, **fields: object) -> Manifest:
        """The same manifest with some fields replaced."""
        return replace(self, **fields)  # type: ignore[arg-type]


class Lake:
    """Paths and durable writes below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def table(self, table: str) -> Path:
        """Folder of the admitted files; the warehouse reads `*.parquet` in it."""
        return self.root / table

    def landing(self, table: str) -> Path:
        """Folder of extracted files that no check has seen yet."""
        return self.root / "_landing" / table

    def quarantine(self, table: str) -> Path:
        """Folder of rejected rows with their reasons."""
        return self.root / "_quarantine" / table

    def previous(self) -> Path:
        """Folder of the versions read from a server that is no longer the source."""
        return self.root / "_previous"

    def tables(self) -> list[str]:
        """Tables that have a manifest."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{MANIFEST}"))

    def manifest(self, table: str) -> Manifest | None:
        """Read a table's manifest, if it has one."""
        path = self.table(table) / MANIFEST
        try:
            return _manifest(json.loads(path.read_text()))
        except FileNotFoundError:
            return None

    def manifests(self) -> dict[str, Manifest]:
        """All manifests by table."""
        found = {table: self.manifest(table) for table in self.tables()}
        return {table: manifest for table, manifest in found.items() if manifest is not None}

    def commit(self, manifest: Manifest) -> None:
        """Replace a table's manifest; from here on its files count and all others do not."""
        write_durably(self.table(manifest.table) / MANIFEST, json.dumps(asdict(manifest), indent=1))

    def settle(self, table: str) -> None:
        """Remove what no manifest names and keep one empty file where there would be none to read."""
        manifest = self.manifest(table)
        named = manifest or Manifest(table, "id", {})
        _keep_only(self.landing(table), [part.name for part in named.landed])
        _keep_only(self.quarantine(table), [part.name for part in named.quarantined])
        kept = [part.name for part in named.files] or [EMPTY_PART]
        if manifest is not None and not manifest.files:
            self._write_empty(manifest)
        _keep_only(self.table(table), [*kept, MANIFEST])

    def settle_all(self) -> None:
        """Settle every table, also those whose first extraction was killed before it had a manifest."""
        unfinished = {path.name for path in (self.root / "_landing").glob("*")}
        for table in sorted({*self.tables(), *unfinished}):
            self.settle(table)

    def parts(self, manifest: Manifest) -> list[Path]:
        """Paths of the admitted files."""
        return [self.table(manifest.table) / part.name for part in manifest.files]

    def generation(self) -> str:
        """Changes whenever row versions vanished, so that nothing incremental may be built on."""
        try:
            return (self.root / GENERATION).read_text()
        except FileNotFoundError:
            return ""

    def renew_generation(self) -> None:
        """To be called before versions are taken away: a needless full build is better than a stale row."""
        write_durably(self.root / GENERATION, stamp(dt.datetime.now(dt.UTC)))

    def size(self) -> int:
        """Bytes of the admitted files of all tables."""
        return sum(path.stat().st_size for path in self.root.glob("*/*.parquet"))

    def _write_empty(self, manifest: Manifest) -> None:
        path = self.table(manifest.table) / EMPTY_PART
        if path.exists() and pq.read_schema(path).equals(manifest.schema):
            return
        with PartWriter(path, manifest.schema):
            pass


class PartWriter:
    """Writes one Parquet file aside and renames it into place once it is on the disk."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self._draft = path.with_name(f".{path.name}.draft")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = parquet_writer(self._draft, schema)

    def write(self, table: pa.Table) -> None:
        """Append rows as one row group."""
        self._writer.write_table(table)
        self.rows += table.num_rows

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._writer.close()
        if kind is None:
            sync(self._draft)
            self._draft.rename(self.path)
            sync(self.path.parent)
        else:
            self._draft.unlink(missing_ok=True)


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A file of the lake as it is encoded everywhere."""
    # numbers and moments are nearly all different: a dictionary of them costs more than it saves
    texts = [column.name for column in schema if pa.types.is_string(column.type)]
    return pq.ParquetWriter(path, schema, compression=COMPRESSION, use_dictionary=texts)


def schema_of(columns: dict[str, str]) -> pa.Schema:
    """Arrow schema of named types."""
    return pa.schema([(name, ARROW_TYPES[kind]) for name, kind in columns.items()])


def type_names(schema: pa.Schema) -> dict[str, str]:
    """Name → type of an Arrow schema; a type outside the list is refused."""
    names = {}
    for column in schema:
        if column.type not in _TYPE_NAMES:
            allowed = ", ".join(ARROW_TYPES)
            raise LakeError(f"column {column.name} has type {column.type}; only {allowed} pass the gate")
        names[column.name] = _TYPE_NAMES[column.type]
    return names


def stamp(moment: dt.datetime) -> str:
    """A moment as it stands in file names: sortable, to the microsecond, UTC."""
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")


def link_into(path: Path, folder: Path) -> None:
    """Give a file a second name in another folder, so that no moment is without it."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / path.name
    target.unlink(missing_ok=True)
    os.link(path, target)
    sync(folder)


def write_durably(path: Path, text: str) -> None:
    """Replace a small file in one rename, after its bytes are on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text)
    sync(draft)
    draft.rename(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_only(folder: Path, names: Iterable[str]) -> None:
    kept = set(names)
    for path in _entries(folder):
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _entries(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir())) if folder.is_dir() else iter(())


def _manifest(content: dict[str, object]) -> Manifest:
    parts = {
        name: tuple(Part(**part) for part in content.pop(name))  # type: ignore[attr-defined]
        for name in ("landed", "files", "quarantined")
    }
    server = content.pop("server")
    known = Server(**server) if isinstance(server, dict) else None
    return Manifest(**content, **parts, server=known)  # type: ignore[arg-type]
