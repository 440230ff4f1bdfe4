"""The Kazakh working calendar, by worked examples and by the rule of the Law on Holidays."""

import datetime as dt

import pytest

from tests.content.tables import SEEDS, rows

CALENDAR = {dt.date.fromisoformat(row["date"]): row for row in rows(SEEDS / "kz_calendar_exceptions.csv")}
FIRST, LAST = dt.date(2021, 1, 1), dt.date(2027, 12, 31)
# Days off that move nowhere when they fall on a weekend.
UNMOVED = {"Orthodox Christmas", "First day of Kurban Ait"}


def is_working(day: dt.date) -> bool:
    """Whether a five-day clinic works on a day."""
    row = CALENDAR.get(day)
    return day.weekday() < 5 if row is None else row["is_working"] == "true"


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The working day that many working days after a day; the day itself is not counted."""
    while count:
        day += dt.timedelta(days=1)
        count -= is_working(day)
    return day


def all_days(year: int) -> list[dt.date]:
    """Every day of a year."""
    first = dt.date(year, 1, 1)
    return [first + dt.timedelta(days=n) for n in range((dt.date(year + 1, 1, 1) - first).days)]


@pytest.mark.req("SIG-02", "SIG-07")
@pytest.mark.parametrize(
    ("start", "count", "due", "because"),
    [
        ("2026-11-19", 1, "2026-11-20", "Thursday to Friday"),
        ("2026-11-20", 1, "2026-11-23", "over a weekend"),
        ("2026-12-15", 1, "2026-12-17", "Independence Day between"),
        ("2026-10-23", 1, "2026-10-27", "Republic Day on Sunday moves to Monday"),
        ("2026-03-20", 1, "2026-03-26", "Nauryz with two days on a weekend"),
        ("2026-08-28", 1, "2026-08-31", "30 August is no holiday any more"),
        ("2025-08-29", 1, "2025-09-02", "30 August 2025 was one, a Saturday"),
        ("2025-01-03", 1, "2025-01-05", "Sunday worked for the Friday before"),
        ("2022-05-06", 1, "2022-05-11", "7 May on Saturday moves past 9 May"),
        ("2023-01-06", 1, "2023-01-09", "Christmas on Saturday moves nowhere"),
        ("2024-06-14", 1, "2024-06-17", "Kurban Ait on Sunday moves nowhere"),
        ("2027-03-12", 1, "2027-03-16", "Constitution Day, from 2027 on 15 March"),
        ("2026-12-25", 10, "2027-01-13", "ten days over New Year and Christmas"),
    ],
)
def test_worked_examples(start: str, count: int, due: str, because: str) -> None:
    assert add_working_days(dt.date.fromisoformat(start), count).isoformat() == due, because


@pytest.mark.parametrize(
    ("month", "days_off"),
    [
        ("2021-03", 12),
        ("2021-07", 11),
        ("2022-07", 11),
        ("2023-12", 11),
        ("2024-03", 14),
        ("2025-10", 9),
        ("2026-01", 12),
    ],
)
def test_days_off_of_a_month_as_the_press_announced_them(month: str, days_off: int) -> None:
    days = [day for day in all_days(int(month[:4])) if day.isoformat().startswith(month)]
    assert sum(not is_working(day) for day in days) == days_off


def test_working_days_of_2022() -> None:
    """245 were announced before the law of September 2022 gave back two days and took one."""
    assert sum(map(is_working, all_days(2022))) == 246


def test_a_moved_day_off_follows_each_holiday_on_a_weekend() -> None:
    for year in range(2021, 2028):
        days = {day: row for day, row in CALENDAR.items() if day.year == year}
        on_weekend = [
            row["name_en"]
            for day, row in days.items()
            if row["is_working"] == "false" and day.weekday() >= 5 and row["name_en"] not in UNMOVED
        ]
        moved = [
            row["name_en"].removesuffix(": day off moved")
            for row in days.values()
            if row["name_en"].endswith(": day off moved")
        ]
        assert sorted(on_weekend) == sorted(moved)


def test_each_worked_weekend_day_pays_for_one_day_off() -> None:
    worked = [row for row in CALENDAR.values() if row["is_working"] == "true"]
    swapped = [row for row in CALENDAR.values() if row["name_en"].startswith("Day off moved")]
    assert len(worked) == len(swapped) > 0
    assert all(dt.date.fromisoformat(row["date"]).weekday() >= 5 for row in worked)


def test_rows_say_something_the_weekday_does_not() -> None:
    for day, row in CALENDAR.items():
        assert FIRST <= day <= LAST
        assert row["is_working"] in {"true", "false"}
        assert row["is_working"] == "false" or day.weekday() >= 5
