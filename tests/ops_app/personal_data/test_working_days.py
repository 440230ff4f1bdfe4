"""The clock of working days, by worked examples and by what must hold on any day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_app.kit.working_days import exceptions, is_working, working_day_after, working_days_left

DAYS = st.dates(dt.date(2021, 1, 1), dt.date(2027, 12, 1))
FEW = st.integers(1, 40)


@pytest.mark.req("PDATA-25")
@pytest.mark.parametrize(
    ("received", "days", "due", "because"),
    [
        ("2026-11-23", 3, "2026-11-26", "Monday to Thursday"),
        ("2026-11-19", 3, "2026-11-24", "over a weekend"),
        ("2026-11-21", 3, "2026-11-25", "received on a Saturday"),
        ("2026-12-14", 3, "2026-12-18", "Independence Day between"),
        ("2026-03-20", 3, "2026-03-30", "Nauryz with two days on a weekend"),
        ("2025-01-03", 1, "2025-01-05", "a Sunday that is worked"),
        ("2026-12-25", 20, "2027-01-27", "an export over New Year and Christmas"),
    ],
)
def test_worked_examples(received: str, days: int, due: str, because: str) -> None:
    assert working_day_after(dt.date.fromisoformat(received), days).isoformat() == due, because


@given(DAYS, FEW)
def test_a_term_ends_on_a_working_day_and_holds_as_many_as_it_says(day: dt.date, count: int) -> None:
    due = working_day_after(day, count)
    assert is_working(due)
    between = [day + dt.timedelta(days=number) for number in range(1, (due - day).days + 1)]
    assert sum(map(is_working, between)) == count


@given(DAYS, FEW)
def test_time_left_counts_the_same_days(day: dt.date, count: int) -> None:
    due = working_day_after(day, count)
    assert working_days_left(day, due) == count
    assert working_days_left(due, due) == 0
    assert working_days_left(due, day) == -count


@given(DAYS, FEW, FEW)
def test_terms_add_up_and_never_shrink(day: dt.date, first: int, second: int) -> None:
    assert working_day_after(working_day_after(day, first), second) == working_day_after(day, first + second)
    assert working_day_after(day, first) <= working_day_after(day + dt.timedelta(days=1), first)


def test_exceptions_say_something_the_weekday_does_not() -> None:
    assert any(not works and day.weekday() < 5 for day, works in exceptions().items())
    assert any(works and day.weekday() >= 5 for day, works in exceptions().items())
