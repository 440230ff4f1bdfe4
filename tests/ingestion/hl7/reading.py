"""Messages put into the archive and interpreted here and now."""

from __future__ import annotations

from typing import Any

import psycopg

from ingestion.archive import insert
from ingestion.hl7.intake import judge
from ingestion.interpreter import Interpreter, make_engine
from tests.installation import Database

Row = tuple[Any, ...]


def take_in(database: Database, *messages: str | bytes) -> list[dict[str, Any]]:
    """Archive, interpret, and give the rows as they stand afterwards."""
    numbers = archive(database, *messages)
    interpret(database)
    return rows(database, numbers)


def archive(database: Database, *messages: str | bytes) -> list[int]:
    """Archive, and give the numbers of the rows."""
    raws = [each if isinstance(each, bytes) else each.replace("\n", "\r").encode() for each in messages]
    with psycopg.connect(database.libpq("app")) as connection:
        return [each.id for each in insert(connection, [judge(raw, "127.0.0.1").received for raw in raws])]


def rows(database: Database, numbers: list[int]) -> list[dict[str, Any]]:
    """The rows as they stand."""
    found = query(
        database,
        "select id, state, error, outcome, patient_id, organization_id, answer from ingest.message "
        "where id = any(%s) order by array_position(%s::bigint[], id)",
        numbers,
        numbers,
    )
    names = ("id", "state", "error", "outcome", "patient_id", "organization_id", "answer")
    return [dict(zip(names, row, strict=True)) for row in found]


def interpret(database: Database) -> None:
    """Interpret all that waits."""
    engine = make_engine(database.url("app"))
    Interpreter(engine).run_waiting()
    engine.dispose()


def query(database: Database, statement: str, *values: Any) -> list[Row]:
    """Rows of a query as the owner sees them."""
    with psycopg.connect(database.libpq("owner")) as connection:
        return connection.execute(statement, values).fetchall()
