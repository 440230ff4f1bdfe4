"""The gate as the pipeline sees it: one snapshot of the views in schema `anon`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import adbc_driver_postgresql.dbapi as postgres
import pyarrow as pa

from saulyq.errors import SaulyqError, Unavailable
from warehouse.lake import Manifest, Server

BATCH_BYTES = 16 << 20


@dataclass(frozen=True)
class Snapshot:
    """The moment a run reads: everything committed before it, nothing after."""

    server: Server
    text: str
    """`xmin:xmax:in-flight`, as PostgreSQL writes it."""
    xmin: int
    as_of: dt.datetime
    views: dict[str, str]
    """View → key column."""


class Gate:
    """An open read-only transaction behind which nothing changes."""

    def __init__(self, connection: postgres.Connection) -> None:
        self._connection = connection
        self.snapshot = self._read_snapshot()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """All rows of a small answer."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    @contextmanager
    def batches(self, sql: str) -> Iterator[pa.RecordBatchReader]:
        """Stream a large answer as Arrow batches of bounded size."""
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            cursor.execute(sql)
            yield cursor.fetch_record_batch()

    def pending(self, manifests: dict[str, Manifest]) -> list[str]:
        """Views with rows that no extraction has taken yet; one cheap look at each watermark index."""
        known = [view for view in self.snapshot.views if view in manifests]
        missing = [view for view in self.snapshot.views if view not in manifests]
        if not known:
            return missing
        looks = " union all ".join(
            f"select '{view}' where exists (select 1 from anon.{view} t where {new_rows(manifests[view])})"
            for view in known
        )
        return [*missing, *(str(row[0]) for row in self.rows(looks))]

    def _read_snapshot(self) -> Snapshot:
        views = {str(view): str(key) for view, key in self.rows("select view_name, key_column from anon.contents")}
        [(identifier, timeline, database, text, xmin, as_of)] = self.rows(
            "select (select system_identifier::text from pg_control_system()), "
            "(select timeline_id from pg_control_checkpoint()), "
            "(select oid::text from pg_database where datname = current_database()), "
            "pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, now()"
        )
        assert isinstance(as_of, dt.datetime)
        return Snapshot(
            server=Server(str(identifier), int(str(timeline)), str(database)),
            text=str(text),
            xmin=int(str(xmin)),
            as_of=as_of.astimezone(dt.UTC),
            views=dict(sorted(views.items())),
        )


def new_rows(manifest: Manifest) -> str:
    """Condition for the rows that the manifest's snapshot could not see.

    The first half walks the watermark index; the second takes the transactions that were in flight
    then, and only them, so that every row version is taken exactly once.
    """
    return (
        f"t.row_xid >= {manifest.watermark} "
        f"and not pg_visible_in_snapshot(t.row_xid::text::xid8, '{manifest.snapshot}'::pg_snapshot)"
    )


def these_versions(manifest: Manifest, versions: Sequence[tuple[object, ...]]) -> str:
    """Condition for rows of given keys that still have the given transaction numbers."""

    def array(position: int, kind: str) -> str:
        values = ",".join(str(version[position]).replace("'", "''") for version in versions)
        return f"'{{{values}}}'::{kind}[]"

    key = manifest.key_column
    return (
        f"(t.{key}, t.row_xid) in "
        f"(select * from unnest({array(0, manifest.columns[key])}, {array(1, manifest.columns['row_xid'])}))"
    )


@contextmanager
def open_gate(url: str) -> Iterator[Gate]:
    """Open one snapshot of the gate; whoever reads through it sees one moment of all tables."""
    try:
        connection = postgres.connect(url, autocommit=True)
    except postgres.Error as error:
        raise Unavailable("the operational database does not answer: %(reason)s", reason=_first_line(error)) from None
    with connection:
        with connection.cursor() as cursor:
            cursor.execute("begin isolation level repeatable read read only")
        try:
            yield Gate(connection)
        except postgres.Error as error:
            raise SaulyqError("the gate cannot be read: %(reason)s", reason=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
