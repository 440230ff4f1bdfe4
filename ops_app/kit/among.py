"""Rows by a list of keys, in one form of SQL however long the list is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, literal, text
from sqlalchemy.orm import InstrumentedAttribute, Session

KEYS = bindparam("keys", type_=ARRAY(BigInteger))
"""The list, for statements that are composed once and told it with each execution."""

_PLANNED_ONCE = text("set local plan_cache_mode = force_generic_plan")


def plan_once(session: Session) -> None:
    """What the request asks from here on is planned once a connection, whatever its keys are.

    For statements that find few rows by keys and read many tables: PostgreSQL takes several times longer to
    plan the timeline of a card than to run it. Not for searches, whose best plan depends on what is searched.
    """
    session.execute(_PLANNED_ONCE)


def among(column: InstrumentedAttribute[Any], keys: Iterable[int]) -> ColumnElement[bool]:
    """That a key is one of these; one array, so that the database prepares the statement once for any number."""
    return column == any_(literal(list(keys), ARRAY(BigInteger)))
