"""What a suite is, and the rules that every clinical fact obeys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from quality.expectations.rules import Between, NoPerson, NotBefore, Rule

CLOCK_SLACK = dt.timedelta(days=1)
"""Senders' clocks are wrong by minutes, their time zones by hours."""

OLDEST_AGE = 125


def unchanged(batch: pl.DataFrame) -> pl.DataFrame:
    """No decoding and no further columns."""
    return batch


@dataclass(frozen=True)
class Suite:
    """The rules of one dataset."""

    dataset: str
    rules: tuple[Rule, ...]
    decode: Callable[[pl.DataFrame], pl.DataFrame] = unchanged
    """Rewrites raw values into their one spelling before they are judged and kept."""
    enrich: Callable[[pl.DataFrame], pl.DataFrame] = unchanged
    """Adds columns, named with a leading underscore, that some rules read."""

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.dataset}: two rules of one name among {names}")

    @property
    def identifier_columns(self) -> set[str]:
        """Columns whose failing values must not be kept anywhere."""
        return {rule.subject for rule in self.rules if isinstance(rule, NoPerson)}


def fact_rules(*code_columns: str, future: tuple[str, tuple[str, ...]] | None = None) -> tuple[Rule, ...]:
    """Rules of every event about a patient; `future` names the rows that may lie ahead."""
    return (
        NotBefore("extracted_at", "event_at", CLOCK_SLACK, unless=future),
        NotBefore("extracted_at", "known_at", CLOCK_SLACK, unless=future),
        Between("age_at_event", 0, OLDEST_AGE),
        *(NoPerson(column) for column in (*code_columns, "source_system")),
    )
