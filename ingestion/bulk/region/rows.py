"""Rows of the operational tables before they are written.

A row is kept in its final state together with the moment that state becomes known; ``as_of`` shows
the rows as they stand at any moment, so a later run can add exactly what became known since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Float, Integer, SmallInteger

from ingestion.bulk.region.days import NULL, Ints
from ops_app.models import load_all

ID_STRIDE = 20_000_000
"""Each district owns that many ids of every table, so ids do not depend on how much is generated."""


class Coded(NamedTuple):
    """A text column as positions in a short list of labels; −1 is no value."""

    positions: NDArray[np.int64]
    labels: Sequence[str]


Column = NDArray[np.generic] | Coded | pl.Series | str | int | float | bool | None

# What a row looks like until its last state becomes known.
_EARLY: dict[str, dict[str, object]] = {
    "encounter": {"status": "in_progress", "end_at": None, "end_known_at": None, "disposition": None},
    "episode_of_care": {
        "status": "active",
        "end_at": None,
        "end_known_at": None,
        "close_reason": None,
        "outcome": None,
        "outcome_at": None,
        "outcome_known_at": None,
    },
    "care_plan_activity": {"status": "planned", "encounter_id": None, "cancel_reason": None},
    "appointment": {"status": "booked", "cancel_reason": None},
    "service_request": {"status": "active"},
    "attachment": {"end_date": None, "end_reason": None},
    "serving_site": {"end_date": None},
    "patient": {"iin": None, "identity_status": "newborn"},
}
_ERROR = ("entered_in_error_at", "entered_in_error_by", "entered_in_error_reason")

_DEFAULTS: dict[str, Column] = {
    "source_system": "region",
    "source": "screen",
    "evidence": "typed",
    "status": "finished",
    "purpose": "disease",
    "is_planned": False,
    "kind": "final",
    "type": "main",
    "citizenship": "KZ",
    "identity_status": "confirmed",
    "is_live": True,
    "is_external": False,
    "is_active": True,
    "priority": "routine",
    "is_time_exact": True,
}
_STATUS = {
    "observation": "final",
    "procedure": "completed",
    "medication_request": "active",
    "immunization": "completed",
    "service_request": "completed",
    "appointment": "fulfilled",
    "episode_of_care": "active",
    "care_plan_activity": "planned",
}
_CODE_SYSTEMS = {"observation": "loinc", "procedure": "kz_service", "medication_request": "atc", "immunization": "cvx"}


@cache
def _kinds() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table in load_all().metadata.tables.values():
        kinds = found.setdefault(table.name, {})
        for column in table.columns:
            match column.type:
                case DateTime():
                    kinds[column.name] = "time"
                case Date():
                    kinds[column.name] = "date"
                case Boolean():
                    kinds[column.name] = "bool"
                case Float() | Double():
                    kinds[column.name] = "float"
                case BigInteger() | Integer() | SmallInteger():
                    kinds[column.name] = "int"
                case _:
                    kinds[column.name] = "text"
    return found


@cache
def full_name(table: str) -> str:
    """``schema.table`` of a table name."""
    return next(t.fullname for t in load_all().metadata.tables.values() if t.name == table)


class _Piece(NamedTuple):
    """What one ``add`` said about a table."""

    size: int
    columns: dict[str, Any]


class Rows:
    """Collects the rows of one district and numbers them.

    Text is kept as numbers of a vocabulary and turned into a frame only when taken: thousands of
    small additions cost little. What was known, and final, by ``since`` is numbered but not kept.
    """

    def __init__(self, district: int, since: int = NULL) -> None:
        self.base = district * ID_STRIDE
        self._since = since
        self._used: dict[str, int] = defaultdict(int)
        self._pieces: dict[str, list[_Piece]] = defaultdict(list)
        self._words: dict[str, int] = {}

    def reserve(self, table: str, count: int) -> Ints:
        """The next ids of a table."""
        first = self.base + self._used[table] + 1
        self._used[table] += count
        return np.arange(first, first + count, dtype=np.int64)

    def add(
        self,
        table: str,
        size: int,
        *,
        late: Ints | int | None = None,
        known: Ints | int | None = None,
        ids: Ints | None = None,
        **columns: Column,
    ) -> Ints:
        """Add rows and return their ids.

        ``known`` is when the row appears (a fact has its ``known_at``), ``late`` when its final
        state does; before that it is shown in its early state.
        """
        if ids is None:
            ids = self.reserve(table, size)
        if size == 0:
            return ids
        kinds = _kinds()[table]
        values = _defaults(table) | columns
        if "known_at" in kinds:
            values.setdefault("known_at", columns["event_at"])
        values["id"] = ids
        stored = {name: self._stored(kinds[name], value) for name, value in values.items()}
        stored["_known"] = self._stored("int", values["known_at"] if known is None else known)
        stored["_late"] = self._stored("int", late)
        if self._since == NULL or any(
            np.max(stored[name]) > self._since for name in ("_known", "_late", _ERROR[0]) if name in stored
        ):
            self._pieces[table].append(_Piece(size, stored))
        return ids

    def _stored(self, kind: str, value: Column) -> Any:
        if kind == "text":
            if isinstance(value, Coded):
                known = np.array([*(self._word(label) for label in value.labels), -1], dtype=np.int32)
                return known[value.positions]
            return value if isinstance(value, pl.Series) else -1 if value is None else self._word(str(value))
        if value is None:
            return float("nan") if kind == "float" else NULL
        if isinstance(value, Coded):
            raise TypeError("only text is coded")
        return value

    def _word(self, label: str) -> int:
        return self._words.setdefault(label, len(self._words))

    def take(self) -> dict[str, pl.DataFrame]:
        """Hand over everything collected so far."""
        words = pl.Series([*self._words, None], dtype=pl.String)
        taken = {table: _frame(table, pieces, words) for table, pieces in self._pieces.items()}
        self._pieces.clear()
        return taken


def _frame(table: str, pieces: list[_Piece], words: pl.Series) -> pl.DataFrame:
    kinds = _kinds()[table]
    names = dict.fromkeys(name for piece in pieces for name in piece.columns)
    return pl.DataFrame([_series(name, kinds.get(name, "int"), pieces, words) for name in names])


_NOTHING = {"text": -1, "float": float("nan"), "bool": False}


def _series(name: str, kind: str, pieces: list[_Piece], words: pl.Series) -> pl.Series:
    nothing = _NOTHING.get(kind, NULL)
    values = [(piece.size, piece.columns.get(name, nothing)) for piece in pieces]
    if any(isinstance(value, pl.Series) for _, value in values):
        return pl.concat([_text(value, size, words) for size, value in values]).alias(name)
    array = np.concatenate([value if isinstance(value, np.ndarray) else np.full(size, value) for size, value in values])
    if kind == "text":
        return _text(array, len(array), words).alias(name)
    if kind == "float":
        return pl.Series(name, array.astype(np.float64)).fill_nan(None)
    if kind == "bool":
        return pl.Series(name, array.astype(bool))
    series = pl.Series(name, array.astype(np.int64))
    empty = array == NULL
    if empty.any():
        series = series.set(pl.Series(empty), None)
    if kind == "time":
        return (series * 60_000_000).cast(pl.Datetime("us"))
    return series.cast(pl.Int32).cast(pl.Date) if kind == "date" else series


def _text(value: object, size: int, words: pl.Series) -> pl.Series:
    if isinstance(value, pl.Series):
        return value.alias("")
    positions = value if isinstance(value, np.ndarray) else np.full(size, value)
    return words.gather(np.where(positions < 0, len(words) - 1, positions)).alias("")


@cache
def _defaults(table: str) -> dict[str, Column]:
    kinds = _kinds()[table]
    values: dict[str, Column] = {name: value for name, value in _DEFAULTS.items() if name in kinds}
    if "status" in values and table in _STATUS:
        values["status"] = _STATUS[table]
    if table in _CODE_SYSTEMS:
        values["code_system"] = _CODE_SYSTEMS[table]
    return values


def as_of(table: str, frame: pl.DataFrame, moment: int) -> pl.DataFrame:
    """The rows known at a moment, in the state known then; ready to write."""
    known = frame.filter(pl.col("_known") <= moment)
    masked = [_until(frame, name, value, pl.col("_late") > moment) for name, value in _EARLY.get(table, {}).items()]
    if _ERROR[0] in frame.columns:
        later = pl.col(_ERROR[0]) > _time(moment)
        masked += [_until(frame, name, None, later) for name in _ERROR]
    return known.with_columns(column for column in masked if column is not None).drop("_known", "_late")


def became_known(table: str, frame: pl.DataFrame, since: int, until: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is new between two moments: rows to insert, and older rows that changed."""
    fresh = as_of(table, frame.filter(pl.col("_known") > since), until)
    changed = pl.col("_late").is_between(since, until, closed="right")
    if _ERROR[0] in frame.columns:
        changed |= pl.col(_ERROR[0]).is_between(_time(since), _time(until), closed="right")
    older = frame.filter(pl.col("_known") <= since, changed.fill_null(False))
    names = [name for name in (*_EARLY.get(table, {}), *_ERROR) if name in frame.columns]
    return fresh, as_of(table, older, until).select("id", *names)


def _until(frame: pl.DataFrame, name: str, early: object, pending: pl.Expr) -> pl.Expr | None:
    if name not in frame.columns:
        return None
    return pl.when(pending).then(pl.lit(early, dtype=frame.schema[name])).otherwise(pl.col(name)).alias(name)


def _time(moment: int) -> pl.Expr:
    return pl.lit(moment * 60_000_000).cast(pl.Datetime("us"))
