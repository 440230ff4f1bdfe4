"""Local days and minutes of Kazakhstan as plain integers.

A day is days since 1970-01-01 in local time, a moment is minutes since 1970-01-01T00:00Z: arrays of
them are cheap, and a moment is what the database stores.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NULL = int(np.iinfo(np.int64).min)
"""Stands for "no value" in integer arrays."""
FAR = 60_000
"""A day nobody reaches (2134)."""
DAY = 24 * 60

_EPOCH = dt.date(1970, 1, 1)
# Asia/Almaty was UTC+6 until 2024-03-01 and is UTC+5 since.
_CHANGE = (dt.date(2024, 3, 1) - _EPOCH).days
_BEFORE, _SINCE = 360, 300

# Fixed public holidays (month, day); moving ones and transfers of days off are left out.
_HOLIDAYS = (
    (1, 1),
    (1, 2),
    (1, 7),
    (3, 8),
    (3, 21),
    (3, 22),
    (3, 23),
    (5, 1),
    (5, 7),
    (5, 9),
    (7, 6),
    (8, 30),
    (10, 25),
    (12, 16),
)


def day(date: dt.date) -> int:
    """The number of a date."""
    return (date - _EPOCH).days


def date(number: int) -> dt.date:
    """The date of a day number."""
    return _EPOCH + dt.timedelta(days=int(number))


def moment(days: Ints | int, minute: Ints | int = 0) -> Ints:
    """UTC minutes of a local day and minute of that day."""
    days = np.asarray(days, dtype=np.int64)
    return days * DAY + np.asarray(minute, dtype=np.int64) - np.where(days >= _CHANGE, _SINCE, _BEFORE)


def local_day(moments: Ints | int) -> Ints:
    """The local day of UTC minutes."""
    moments = np.asarray(moments, dtype=np.int64)
    return (moments + np.where(moments >= _CHANGE * DAY - _BEFORE, _SINCE, _BEFORE)) // DAY


def minutes(time: dt.datetime) -> int:
    """UTC minutes of a zone-aware time, rounded down."""
    return int(time.timestamp() // 60)


def _first_workdays() -> NDArray[np.int64]:
    numbers = np.arange(FAR + 40, dtype=np.int64)
    free = (numbers + 3) % 7 >= 5
    for year in range(1990, 2060):
        for month, dom in _HOLIDAYS:
            free[day(dt.date(year, month, dom))] = True
    following = numbers.copy()
    for number in range(len(numbers) - 2, -1, -1):
        if free[number]:
            following[number] = following[number + 1]
    return following


_WORKDAY = _first_workdays()


def workday(days: Ints | int) -> Ints:
    """The day itself if people work on it, else the next working day."""
    return _WORKDAY[np.clip(days, 0, FAR)]


def add_workdays(start: int, count: int) -> int:
    """The working day that many working days after a day."""
    for _ in range(count):
        start = int(workday(start + 1))
    return start


def month(days: Ints) -> Ints:
    """Month number 1–12 of each day."""
    return np.asarray(days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1


def year(days: Ints | int) -> Ints:
    """Calendar year of each day."""
    return np.asarray(days).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def full_years(birth: Ints, on: Ints | int) -> Ints:
    """Age in full years, exact to the day of the year."""
    born, then = np.asarray(birth).astype("datetime64[D]"), np.asarray(on).astype("datetime64[D]")
    months = then.astype("datetime64[M]").astype(np.int64) - born.astype("datetime64[M]").astype(np.int64)
    day_in = (then - then.astype("datetime64[M]")).astype(np.int64) < (born - born.astype("datetime64[M]")).astype(
        np.int64
    )
    return (months - day_in) // 12
