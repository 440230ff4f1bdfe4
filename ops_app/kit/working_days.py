"""Working days of Kazakhstan: five days a week, less holidays, with the days off that the government moves.

The calendar is the seed that the warehouse reads too: a holiday stands in one place.
"""

from __future__ import annotations

import csv
import datetime as dt
from functools import lru_cache
from pathlib import Path

CALENDAR = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "kz_calendar_exceptions.csv"
SATURDAY = 5


@lru_cache(maxsize=1)
def exceptions() -> dict[dt.date, bool]:
    """Days that are not what their weekday says: True where people work."""
    with CALENDAR.open(encoding="utf-8", newline="") as file:
        return {dt.date.fromisoformat(row["date"]): row["is_working"] == "true" for row in csv.DictReader(file)}


def is_working(day: dt.date) -> bool:
    """Whether an office works on this day; years the calendar does not reach yet have weekends only."""
    return exceptions().get(day, day.weekday() < SATURDAY)


def working_day_after(day: dt.date, count: int) -> dt.date:
    """The last day of a term of so many working days; the day it began is not counted."""
    while count > 0:
        day += dt.timedelta(days=1)
        count -= is_working(day)
    return day


def working_days_left(today: dt.date, due: dt.date) -> int:
    """Working days from tomorrow up to the due day; negative once it has passed."""
    sign, first, last = (1, today, due) if due >= today else (-1, due, today)
    days = (first + dt.timedelta(days=number) for number in range(1, (last - first).days + 1))
    return sign * sum(is_working(day) for day in days)
