"""What a later start must know to continue the district: kept in the database, so a restored copy has it too."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, text

_CREATE = (
    "create schema if not exists synthetic",
    """create table if not exists synthetic.region (
      single boolean primary key default true check (single),
      people int not null, years int not null, seed bigint not null, origin date not null,
      known_until timestamptz not null, transactions bigint[] not null)""",
)
_TRANSACTION = "select pg_current_xact_id()::text::bigint"


@dataclass(frozen=True)
class State:
    """How the district was made and how far it has come."""

    people: int
    years: int
    seed: int
    origin: dt.date
    known_until: dt.datetime
    transactions: tuple[int, ...]
    """Transactions that wrote the district: a row with another one was changed by somebody else."""


def begin(connection: Connection, state: State) -> None:
    """Remember a district just made; an installation has at most one."""
    for statement in _CREATE:
        connection.execute(text(statement))
    connection.execute(
        text(
            "insert into synthetic.region (people, years, seed, origin, known_until, transactions) values "
            f"(:people, :years, :seed, :origin, :known_until, array[({_TRANSACTION})])"
        ),
        {key: getattr(state, key) for key in ("people", "years", "seed", "origin", "known_until")},
    )


def read(connection: Connection) -> State | None:
    """The state, locked against a second continuation; None where no district was made."""
    if connection.scalar(text("select to_regclass('synthetic.region')")) is None:
        return None
    row = connection.execute(
        text("select people, years, seed, origin, known_until, transactions from synthetic.region for update")
    ).one_or_none()
    return None if row is None else State(**{**row._mapping, "transactions": tuple(row.transactions)})


def advance(connection: Connection, known_until: dt.datetime) -> None:
    """Move on to a later moment, in the transaction that wrote the rows."""
    connection.execute(
        text(f"update synthetic.region set known_until = :until, transactions = transactions || ({_TRANSACTION})"),
        {"until": known_until},
    )
