"""Reads every published mart as sorted rows, from either engine."""

from __future__ import annotations

from typing import Any

import duckdb
import psycopg

SCHEMAS = ("marts", "indicators", "signals")
# The moment of the build is no content of a mart.
IGNORED = {"as_of", "built_at"}

Rows = list[tuple[Any, ...]]


def from_duckdb(path: str) -> dict[str, Rows]:
    """All marts of a published file."""
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return _read(lambda sql: connection.execute(sql).fetchall())


def sums_of(path: str, *also_ignored: str) -> dict[str, Rows]:
    """Number of rows and sum of their hashes of each mart of a published file: a million rows compared in a second."""
    with duckdb.connect(path, read_only=True) as connection:
        columns = _columns(lambda sql: connection.execute(sql).fetchall(), IGNORED.union(also_ignored))
        return {
            table: connection.execute(
                f"select count(*), sum(hash(mart)::hugeint) from (select {', '.join(names)} from {table}) mart"
            ).fetchall()
            for table, names in columns.items()
        }


def from_postgres(address: str) -> dict[str, Rows]:
    """All marts of the PostgreSQL engine."""
    with psycopg.connect(address) as connection:
        connection.execute("set timezone to 'UTC'")
        return _read(lambda sql: connection.execute(sql).fetchall())  # type: ignore[arg-type]


def _read(ask: Any) -> dict[str, Rows]:
    return {
        table: sorted(ask(f"select {', '.join(names)} from {table}"), key=lambda row: tuple(map(repr, row)))
        for table, names in _columns(ask, IGNORED).items()
    }


def _columns(ask: Any, ignored: set[str]) -> dict[str, list[str]]:
    schemas = ", ".join(f"'{name}'" for name in SCHEMAS)
    columns: dict[str, list[str]] = {}
    for schema, table, column in ask(
        "select table_schema, table_name, column_name from information_schema.columns "
        f"where table_schema in ({schemas}) order by 1, 2, 3"
    ):
        if column not in ignored:
            columns.setdefault(f"{schema}.{table}", []).append(column)
    return columns


def difference(one: dict[str, Rows], other: dict[str, Rows]) -> dict[str, tuple[Rows, Rows]]:
    """Marts that differ, with the first rows only one side has."""
    found: dict[str, tuple[Rows, Rows]] = {}
    for table in sorted(one.keys() | other.keys()):
        left, right = one.get(table, []), other.get(table, [])
        if left != right:
            mine, theirs = {repr(row) for row in left}, {repr(row) for row in right}
            found[table] = (
                [row for row in left if repr(row) not in theirs][:3],
                [row for row in right if repr(row) not in mine][:3],
            )
    return found
