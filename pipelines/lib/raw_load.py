"""The lake's rows in schema `raw` of the warehouse database, for the PostgreSQL engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_postgresql.dbapi as postgres
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lib.places import Places, Progress, silent
from saulyq.errors import Unavailable
from warehouse.lake import ARROW_TYPES, Lake, Manifest, Part

SQL_TYPES = {name: {"float8": "float8", "int": "int4", "bigint": "int8"}.get(name, name) for name in ARROW_TYPES}
ROWS_AT_ONCE = 122_880
STATE = "raw._part"


def load_raw(places: Places, progress: Progress = silent) -> dict[str, int]:
    """Bring schema `raw` to what the manifests name; returns the rows copied by table."""
    copied: dict[str, int] = {}
    manifests = places.lake.manifests()
    with _connected(places.warehouse_url) as connection:
        _execute(connection, "create schema if not exists raw")
        _execute(
            connection,
            f"create table if not exists {STATE} (table_name text, part text, primary key (table_name, part))",
        )
        connection.commit()
        for done, (table, manifest) in enumerate(manifests.items()):
            progress("raw", done, len(manifests))
            rows = _load_table(connection, places.lake, manifest)
            connection.commit()
            if rows:
                copied[table] = rows
    progress("raw", len(manifests), len(manifests))
    return copied


def built_from(places: Places) -> dict[str, str]:
    """What the newest complete build in PostgreSQL was made of; empty before the first."""
    with _connected(places.warehouse_url) as connection:
        if not _rows(connection, "select 1 from pg_class where oid = to_regclass('raw._build')"):
            return {}
        return {str(name): str(value) for name, value in _rows(connection, "select name, value from raw._build")}


def note_build(places: Places, **facts: str) -> None:
    """Remember what a complete build was made of."""
    with _connected(places.warehouse_url) as connection:
        _execute(connection, "create table if not exists raw._build (name text primary key, value text not null)")
        _execute(connection, "delete from raw._build")
        for name, value in facts.items():
            _execute(connection, "insert into raw._build values ($1, $2)", (name, value))
        connection.commit()


def _load_table(connection: postgres.Connection, lake: Lake, manifest: Manifest) -> int:
    table = manifest.table
    loaded = {str(row[0]) for row in _rows(connection, f"select part from {STATE} where table_name = '{table}'")}
    wanted = {part.name for part in manifest.files}
    columns = _rows(
        connection,
        "select attname::text from pg_attribute where attnum > 0 and not attisdropped "
        f"and attrelid = to_regclass('raw.{table}') order by attnum",
    )
    if [str(name) for (name,) in columns] != list(manifest.columns) or loaded - wanted:
        # other columns, or files that were compacted or taken out: cheaper to load again than to find out
        definitions = ", ".join(f'"{name}" {SQL_TYPES[kind]}' for name, kind in manifest.columns.items())
        _execute(connection, f"drop table if exists raw.{table} cascade")
        _execute(connection, f"create table raw.{table} ({definitions})")
        _execute(connection, f"delete from {STATE} where table_name = '{table}'")
        loaded = set()
    missing = [part for part in manifest.files if part.name not in loaded]
    for part in missing:
        with connection.cursor() as cursor:
            cursor.adbc_ingest(table, _reader(lake, manifest, part), mode="append", db_schema_name="raw")
        _execute(connection, f"insert into {STATE} values ($1, $2)", (table, part.name))
    return sum(part.rows for part in missing)


def _reader(lake: Lake, manifest: Manifest, part: Part) -> pa.RecordBatchReader:
    file = pq.ParquetFile(lake.table(manifest.table) / part.name)
    batches = (batch.cast(manifest.schema) for batch in file.iter_batches(ROWS_AT_ONCE))
    return pa.RecordBatchReader.from_batches(manifest.schema, batches)


@contextmanager
def _connected(url: str) -> Iterator[postgres.Connection]:
    try:
        connection = postgres.connect(url)
    except postgres.Error as error:
        raise Unavailable(
            "the warehouse database does not answer: %(reason)s", reason=str(error).strip().splitlines()[0]
        ) from None
    with connection:
        yield connection


def _rows(connection: postgres.Connection, sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _execute(connection: postgres.Connection, sql: str, parameters: tuple[object, ...] = ()) -> None:
    with connection.cursor() as cursor:
        if parameters:
            cursor.execute(sql, parameters)
        else:
            cursor.execute(sql)
