"""Which reference range holds for a person, what a value means beside it, and whether it changed too much. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

YEAR = 365.25
MONTH = YEAR / 12

NORMAL = "N"
CRITICAL = ("LL", "HH", "AA")
ABNORMAL = ("L", "H", "LL", "HH", "A", "AA")


def days_of(number: int, unit: str) -> int:
    """An age limit in days, counted so that it falls on the birthday: see ``age_in_days``."""
    return {"d": number, "m": int(number * MONTH), "y": int(number * YEAR)}[unit]


def age_in_days(birth_date: dt.date, on: dt.date) -> int:
    """Age in days of an even calendar: a person's n-th birthday is always ``int(n * 365.25)``, in every year."""
    years = on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))
    if years < 0:
        return 0
    start, end = int(years * YEAR), int((years + 1) * YEAR)
    return min(start + (on - _birthday(birth_date, years)).days, end - 1)


def _birthday(birth_date: dt.date, years: int) -> dt.date:
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        # born on the 29th of February: the 1st of March in other years
        return dt.date(birth_date.year + years, 3, 1)


class Limits(Protocol):
    """What a range says."""

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...

    @property
    def critical_low(self) -> float | None: ...

    @property
    def critical_high(self) -> float | None: ...


class Candidate(Limits, Protocol):
    """A range with the people it holds for."""

    @property
    def id(self) -> int: ...

    @property
    def organization_id(self) -> int | None: ...

    @property
    def sex(self) -> str | None: ...

    @property
    def age_from_days(self) -> int: ...

    @property
    def age_to_days(self) -> int | None: ...

    @property
    def trimester(self) -> int | None: ...

    @property
    def method(self) -> str | None: ...

    @property
    def valid_from(self) -> dt.date: ...

    @property
    def valid_to(self) -> dt.date | None: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Of whom, when and how a value was measured."""

    sex: str
    age_days: int
    on: dt.date
    trimester: int | None = None
    method: str | None = None
    laboratory_id: int | None = None


def choose(ranges: Iterable[Candidate], subject: Subject) -> Candidate | None:
    """The range that says most about this person: the laboratory's own, of the method, the pregnancy, the sex."""
    fitting = [candidate for candidate in ranges if _fits(candidate, subject)]
    return max(fitting, key=_precision, default=None)


def _fits(candidate: Candidate, subject: Subject) -> bool:
    return (
        candidate.valid_from <= subject.on
        and (candidate.valid_to is None or subject.on < candidate.valid_to)
        and candidate.age_from_days <= subject.age_days
        and (candidate.age_to_days is None or subject.age_days < candidate.age_to_days)
        and candidate.sex in (None, subject.sex)
        and candidate.method in (None, subject.method)
        and candidate.organization_id in (None, subject.laboratory_id)
        and (
            candidate.trimester is None
            or (subject.trimester is not None and candidate.trimester in (0, subject.trimester))
        )
    )


def _precision(candidate: Candidate) -> tuple[bool, bool, int, bool, dt.date, int]:
    return (
        candidate.organization_id is not None,
        candidate.method is not None,
        # any trimester says less than this one, and more than none
        0 if candidate.trimester is None else 1 + (candidate.trimester > 0),
        candidate.sex is not None,
        candidate.valid_from,
        candidate.id,
    )


def flag_of(value: float, limits: Limits | None, comparator: str | None = None) -> str | None:
    """N, L, H, LL or HH; None where no limit says anything, or where the value may lie on either side of one.

    ``< 0.01`` may be any smaller value: it is low when all of them are, and normal when none of them can be low.
    """
    if limits is None or all(
        limit is None for limit in (limits.low, limits.high, limits.critical_low, limits.critical_high)
    ):
        return None
    if comparator in ("<", "<="):
        return _flag_below(value, limits, is_open=comparator == "<")
    if comparator in (">", ">="):
        return _flag_above(value, limits, is_open=comparator == ">")
    if limits.critical_low is not None and value < limits.critical_low:
        return "LL"
    if limits.critical_high is not None and value > limits.critical_high:
        return "HH"
    if limits.low is not None and value < limits.low:
        return "L"
    if limits.high is not None and value > limits.high:
        return "H"
    return NORMAL


def _flag_below(value: float, limits: Limits, *, is_open: bool) -> str | None:
    def under(limit: float | None) -> bool:
        return limit is not None and (value < limit or (is_open and value == limit))

    if under(limits.critical_low):
        return "LL"
    if under(limits.low):
        return "L"
    # a lower limit of nothing is no limit: no amount lies below it
    open_below = all(limit is None or limit <= 0 for limit in (limits.low, limits.critical_low))
    high = limits.high if limits.high is not None else limits.critical_high
    return NORMAL if open_below and (high is None or value <= high) else None


def _flag_above(value: float, limits: Limits, *, is_open: bool) -> str | None:
    def over(limit: float | None) -> bool:
        return limit is not None and (value > limit or (is_open and value == limit))

    if over(limits.critical_high):
        return "HH"
    if over(limits.high):
        return "H"
    low = limits.low if limits.low is not None else limits.critical_low
    open_above = limits.high is None and limits.critical_high is None
    return NORMAL if open_above and (low is None or value >= low) else None


def delta_exceeded(value: float, earlier: float, percent: float | None) -> bool:
    """Whether a value differs from the earlier one by more than so many per cent of it."""
    if percent is None:
        return False
    if earlier == 0:
        return value != 0
    return abs(value - earlier) / abs(earlier) * 100 > percent + 1e-9


def trimester_of(weeks: int) -> int:
    """1 until week 13, 2 until week 27, 3 after."""
    return 1 if weeks < 14 else 2 if weeks < 28 else 3
