"""Rules on one row of raw data, declared once and judged by Great Expectations or by one fused scan.

Each rule says its condition twice in the languages of the two engines and nowhere else; the tests
hold them to the same verdict. An empty value breaks no rule but `Required`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Severity = Literal["reject", "flag"]
Expectation = tuple[str, dict[str, object]]
"""Great Expectations' name of an expectation and its arguments."""

# A Kazakh individual identification number (date of birth, century, five digits) or a mobile number.
PERSON_PATTERN = (
    r"(?:^|[^0-9])[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-6][0-9]{5}(?:[^0-9]|$)"
    r"|(?:^|[^0-9])(?:\+7|8)[ (-]*7[0-9]{2}[ )-]*[0-9]{3}[ -]*[0-9]{2}[ -]*[0-9]{2}(?:[^0-9]|$)"
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has; `allowed` is the share of failing rows that is still normal."""

    kind: str = ""
    severity: Severity = "reject"
    allowed: float = 0.0
    unless: tuple[str, tuple[str, ...]] | None = None
    """Column and values of rows the rule does not speak about."""

    @property
    def subject(self) -> str:
        """The column the rule is about."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Name of the check: the reason a failed row carries."""
        return f"{self.subject}.{self.kind}"

    @property
    def judged(self) -> str:
        """The column the engines look at: the subject, or its copy without the exempt rows."""
        return f"_{self.subject}_{self.kind}" if self.unless else self.subject

    def derived(self) -> list[pl.Expr]:
        """Columns both engines need beside the raw ones."""
        if self.unless is None:
            return []
        column, values = self.unless
        exempt = pl.col(column).is_in(list(values)).fill_null(False)
        return [pl.when(exempt).then(None).otherwise(pl.col(self.subject)).alias(self.judged)]

    def columns(self) -> list[str]:
        """Raw and derived columns the expectation reads."""
        return [self.judged]

    def fails(self) -> pl.Expr:
        """True for the rows that break the rule."""
        raise NotImplementedError

    def expectation(self) -> Expectation:
        """The same rule for Great Expectations."""
        raise NotImplementedError


@dataclass(frozen=True)
class _ColumnRule(Rule):
    column: str

    @property
    def subject(self) -> str:
        return self.column


@dataclass(frozen=True)
class Required(_ColumnRule):
    """The column has a value."""

    kind: str = field(default="required", kw_only=True)

    def derived(self) -> list[pl.Expr]:
        if self.unless is None:
            return []
        column, values = self.unless
        exempt = pl.col(column).is_in(list(values)).fill_null(False)
        return [pl.when(exempt | pl.col(self.column).is_not_null()).then(True).alias(self.judged)]

    def fails(self) -> pl.Expr:
        return pl.col(self.judged).is_null()

    def expectation(self) -> Expectation:
        return "expect_column_values_to_not_be_null", {"column": self.judged}


@dataclass(frozen=True)
class OneOf(_ColumnRule):
    """The column holds one of the listed codes."""

    kind: str = field(default="code", kw_only=True)
    values: tuple[str, ...]

    def fails(self) -> pl.Expr:
        return ~pl.col(self.judged).is_in(list(self.values))

    def expectation(self) -> Expectation:
        return "expect_column_values_to_be_in_set", {"column": self.judged, "value_set": list(self.values)}


@dataclass(frozen=True)
class Shaped(_ColumnRule):
    """The whole value has the given form."""

    kind: str = field(default="shape", kw_only=True)
    pattern: str

    def fails(self) -> pl.Expr:
        return ~pl.col(self.judged).str.contains(self._whole)

    def expectation(self) -> Expectation:
        return "expect_column_values_to_match_regex", {"column": self.judged, "regex": self._whole}

    @property
    def _whole(self) -> str:
        return f"^(?:{self.pattern})$"


@dataclass(frozen=True)
class Between(_ColumnRule):
    """The number lies between two limits, both included."""

    kind: str = field(default="range", kw_only=True)
    low: float
    high: float

    def fails(self) -> pl.Expr:
        return ~pl.col(self.judged).is_between(self.low, self.high)

    def expectation(self) -> Expectation:
        return (
            "expect_column_values_to_be_between",
            {"column": self.judged, "min_value": self.low, "max_value": self.high},
        )


@dataclass(frozen=True)
class NoPerson(_ColumnRule):
    """A code column holds no identity or telephone number; what breaks this is blanked in quarantine."""

    kind: str = field(default="identifier", kw_only=True)

    def fails(self) -> pl.Expr:
        return pl.col(self.judged).str.contains(PERSON_PATTERN)

    def expectation(self) -> Expectation:
        return "expect_column_values_to_not_match_regex", {"column": self.judged, "regex": PERSON_PATTERN}


@dataclass(frozen=True)
class Holds(_ColumnRule):
    """A yes-or-no column that the suite itself works out is not `no`."""

    label: str

    @property
    def name(self) -> str:
        return self.label

    def fails(self) -> pl.Expr:
        return ~pl.col(self.judged)

    def expectation(self) -> Expectation:
        return "expect_column_values_to_be_in_set", {"column": self.judged, "value_set": [True]}


@dataclass(frozen=True)
class NotBefore(Rule):
    """`later` is not before `earlier`, give or take `slack`."""

    kind: str = field(default="order", kw_only=True)
    later: str
    earlier: str
    slack: dt.timedelta = dt.timedelta(0)

    @property
    def subject(self) -> str:
        return self.later

    @property
    def name(self) -> str:
        return f"{self.earlier}.after.{self.later}"

    @property
    def judged(self) -> str:
        return f"_{self.later}_after_{self.earlier}"

    def derived(self) -> list[pl.Expr]:
        moved = pl.col(self.later) + self.slack
        if self.unless is not None:
            column, values = self.unless
            exempt = pl.col(column).is_in(list(values)).fill_null(False)
            moved = pl.when(exempt).then(None).otherwise(moved)
        return [moved.alias(self.judged)]

    def columns(self) -> list[str]:
        return [self.judged, self.earlier]

    def fails(self) -> pl.Expr:
        return pl.col(self.judged) < pl.col(self.earlier)

    def expectation(self) -> Expectation:
        return (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {
                "column_A": self.judged,
                "column_B": self.earlier,
                "or_equal": True,
                "ignore_row_if": "either_value_is_missing",
            },
        )
