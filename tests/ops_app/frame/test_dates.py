"""Dates and numbers as people write and read them."""

from __future__ import annotations

import datetime as dt

import pytest

from ops_app.kit import clock, request_context
from ops_app.kit.dates import parse_date, parse_time, show_age, show_date, show_deadline, show_moment
from ops_app.kit.numbers import show_number
from ops_app.kit.request_context import RequestContext

TODAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("20.11.2026", TODAY),
        ("1/2/26", dt.date(2026, 2, 1)),
        ("5.3.58", dt.date(1958, 3, 5)),
        ("20 11", TODAY),
        ("20112026", TODAY),
        ("2026-11-20", TODAY),
        ("today", TODAY),
        ("бүгін", TODAY),
        ("Сегодня", TODAY),
        ("кеше", dt.date(2026, 11, 19)),
        ("+3", dt.date(2026, 11, 23)),
        ("- 20", dt.date(2026, 10, 31)),
        ("29.02.2024", dt.date(2024, 2, 29)),
        ("29.02.2026", None),
        ("32.01.2026", None),
        ("soon", None),
        ("", None),
    ],
)
def test_written_dates(written: str, meant: dt.date | None) -> None:
    assert parse_date(written, TODAY) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("9:05", dt.time(9, 5)), ("0905", dt.time(9, 5)), ("9", dt.time(9)), ("24:00", None), ("9:60", None), ("", None)],
)
def test_written_times(written: str, meant: dt.time | None) -> None:
    assert parse_time(written) == meant


def test_a_deadline_at_midnight_is_the_end_of_the_day_before() -> None:
    end_of_day = dt.datetime(2026, 11, 18, 19, 0, tzinfo=dt.UTC)
    assert show_deadline(end_of_day) == "18.11.2026"
    assert show_deadline(end_of_day + dt.timedelta(minutes=1)) == "19.11.2026 00:01"
    assert show_deadline(None) == ""


def test_moments_are_shown_in_local_time() -> None:
    late = dt.datetime(2026, 11, 19, 20, 30, tzinfo=dt.UTC)
    assert show_moment(late) == "20.11.2026 01:30"
    assert show_date(late) == "20.11.2026"
    with clock.frozen(late):
        assert clock.today() == TODAY


@pytest.mark.parametrize(
    ("born", "shown"),
    [
        (dt.date(2026, 11, 20), "0 days old"),
        (dt.date(2026, 11, 1), "19 days old"),
        (dt.date(2024, 11, 21), "23 months old"),
        (dt.date(2023, 11, 20), "3 years old"),
        (dt.date(1997, 11, 21), "28 years old"),
    ],
)
def test_age_is_years_months_under_three_days_under_a_month(born: dt.date, shown: str) -> None:
    request_context.enter(RequestContext(language="en"))
    assert show_age(born, TODAY) == shown


@pytest.mark.parametrize(("number", "shown"), [(1234567, "1 234 567"), (36.6, "36,6"), (0.25, "0,2"), (5.0, "5")])
def test_numbers_have_a_decimal_comma_and_thin_spaces(number: float, shown: str) -> None:
    assert show_number(number).replace("\N{NARROW NO-BREAK SPACE}", " ") == shown
