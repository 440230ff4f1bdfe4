"""Rows by a list of keys, in one form of SQL however long the list is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, literal
from sqlalchemy.orm import InstrumentedAttribute

KEYS = bindparam("keys", type_=ARRAY(BigInteger))
"""The list, for statements that are composed once and told it with each execution."""


def among(column: InstrumentedAttribute[Any], keys: Iterable[int]) -> ColumnElement[bool]:
    """That a key is one of these; one array, so that the database prepares the statement once for any number."""
    return column == any_(literal(list(keys), ARRAY(BigInteger)))
