"""Rows of the operational tables before they are written.

A row is kept in its final state together with the moment that state becomes known; ``as_of`` shows
the rows as they stand at any moment, so a later run can add exactly what became known since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Float, Integer, SmallInteger

from ingestion.bulk.region.days import NULL, Ints
from ops_app.models import load_all

ID_STRIDE = 20_000_000
"""Each district owns that many ids of every table, so ids do not depend on how much is generated."""

# What a row looks like until its last state becomes known.
_EARLY: dict[str, dict[str, object]] = {
    "encounter": {"status": "in_progress", "end_at": None, "end_known_at": None, "disposition": None},
    "episode_of_care": {
        "status": "active", "end_at": None, "end_known_at": None, "close_reason": None,
        "outcome": None, "outcome_at": None, "outcome_known_at": None,
    },
    "care_plan_activity": {"status": "planned", "encounter_id": None, "cancel_reason": None},
    "appointment": {"status": "booked", "cancel_reason": None},
    "service_request": {"status": "active"},
    "attachment": {"end_date": None, "end_reason": None},
    "serving_site": {"end_date": None},
    "patient": {"iin": None, "identity_status": "newborn"},
}  # fmt: skip
_ERROR = ("entered_in_error_at", "entered_in_error_by", "entered_in_error_reason")

_DEFAULTS: dict[str, object] = {
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


class Coded(NamedTuple):
    """A text column as positions in a short list of labels; −1 is no value."""

    positions: NDArray[np.int64]
    labels: Sequence[str]


Column = NDArray[np.generic] | Coded | pl.Series | str | int | float | bool | None


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


_TYPES = {
    "time": pl.Datetime("us"), "date": pl.Date, "bool": pl.Boolean, "float": pl.Float64, "int": pl.Int64, "text": pl.String,
}  # fmt: skip


def _series(name: str, kind: str, column: Column, size: int) -> pl.Series:
    if isinstance(column, pl.Series):
        return column.alias(name)
    if isinstance(column, Coded):
        labels = pl.Series([*column.labels, None], dtype=pl.String)
        return labels.gather(np.asarray(column.positions) % len(labels)).alias(name)
    if not isinstance(column, np.ndarray):
        column = None if isinstance(column, (int, np.integer)) and column == NULL else column
        return pl.Series(name, [column], dtype=_TYPES[kind] if kind != "time" else pl.Int64).new_from_index(0, size)
    series = pl.Series(name, column)
    if kind == "float":
        return series.fill_nan(None)
    if kind in ("int", "time", "date"):
        series = series.cast(pl.Int64)
        series = series.set(series == NULL, None)
        if kind == "date":
            series = series.cast(pl.Int32).cast(pl.Date)
    return series


def _minutes_to_time(series: pl.Series) -> pl.Series:
    return (series.cast(pl.Int64) * 60_000_000).cast(pl.Datetime("us"))


class Rows:
    """Collects the rows of one district and numbers them."""

    def __init__(self, district: int) -> None:
        self.base = district * ID_STRIDE
        self._used: dict[str, int] = defaultdict(int)
        self._frames: dict[str, list[pl.DataFrame]] = defaultdict(list)

    def reserve(self, table: str, count: int) -> Ints:
        """The next ids of a table."""
        first = self.base + self._used[table] + 1
        self._used[table] += count
        return np.arange(first, first + count, dtype=np.int64)

    def add(
        self, table: str, size: int, *, late: Ints | int | None = None, known: Ints | int | None = None,
        ids: Ints | None = None, **columns: Column,
    ) -> Ints:  # fmt: skip
        """Add rows and return their ids.

        ``known`` is when the row appears (a fact has its ``known_at``), ``late`` when its final
        state does; before that it is shown in its early state.
        """
        if ids is None:
            ids = self.reserve(table, size)
        if size == 0:
            return ids
        kinds = _kinds()[table]
        values: dict[str, Column] = {
            name: value for name, value in _DEFAULTS.items() if name in kinds and name not in columns
        }
        if "status" in values and table in _STATUS:
            values["status"] = _STATUS[table]
        if table in _CODE_SYSTEMS and "code_system" not in columns:
            values["code_system"] = _CODE_SYSTEMS[table]
        if "known_at" in kinds and "known_at" not in columns:
            values["known_at"] = columns["event_at"]
        values |= columns
        values["id"] = ids
        series = []
        for name, value in values.items():
            made = _series(name, kinds[name], value, size)
            series.append(_minutes_to_time(made) if kinds[name] == "time" else made)
        appears = values["known_at"] if known is None else known
        series.append(_series("_known", "int", _as_array(appears), size))
        series.append(_series("_late", "int", _as_array(late) if late is not None else None, size))
        self._frames[table].append(pl.DataFrame(series))
        return ids

    def take(self) -> dict[str, pl.DataFrame]:
        """Hand over everything collected so far."""
        taken = {table: pl.concat(frames, how="diagonal") for table, frames in self._frames.items()}
        self._frames.clear()
        return taken


def _as_array(value: Column) -> Column:
    return value if isinstance(value, np.ndarray) else np.int64(value) if isinstance(value, int) else value


def as_of(table: str, frame: pl.DataFrame, moment: int) -> pl.DataFrame:
    """The rows known at a moment, in the state known then; ready to write."""
    known = frame.filter(pl.col("_known") <= moment)
    return _early(table, known, pl.col("_late") > moment).drop("_known", "_late")


def became_known(table: str, frame: pl.DataFrame, since: int, until: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is new between two moments: rows to insert, and older rows that changed."""
    fresh = as_of(table, frame.filter(pl.col("_known") > since), until)
    older = frame.filter(pl.col("_known") <= since, pl.col("_late") > since, pl.col("_late") <= until)
    return fresh, older.drop("_known", "_late").select("id", *changing(table, frame))


def changing(table: str, frame: pl.DataFrame) -> list[str]:
    """Columns whose value may appear later."""
    return [name for name in (*_EARLY.get(table, {}), *_ERROR) if name in frame.columns]


def _early(table: str, frame: pl.DataFrame, pending: pl.Expr) -> pl.DataFrame:
    before = dict.fromkeys(_ERROR) | _EARLY.get(table, {})
    return frame.with_columns(
        pl.when(pending).then(pl.lit(value, dtype=frame.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in before.items()
        if name in frame.columns
    )
