"""Dates as people here write and read them: 20.11.2026, 20 11, today, +3."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from ops_app.i18n import _, ngettext
from ops_app.kit import clock

_TODAY = {"today", "now", "бүгін", "bugin", "сегодня", "c", "т", "t", "б"}
_TOMORROW = {"tomorrow", "ертең", "завтра"}
_YESTERDAY = {"yesterday", "кеше", "вчера"}
_PARTS = re.compile(r"^(\d{1,2})[.\s/\-,](\d{1,2})(?:[.\s/\-,](\d{4}|\d{2}))?\.?$")
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_OFFSET = re.compile(r"^([+-])\s*(\d{1,4})$")
_PACKED = re.compile(r"^(\d{2})(\d{2})(\d{4})$")


def parse_date(text: str, today: dt.date | None = None) -> dt.date | None:
    """Read a date; None when the text is none. A two-digit year lies between 80 years ago and 19 ahead."""
    today = today or clock.today()
    written = text.strip().lower()
    if written in _TODAY:
        return today
    if written in _TOMORROW:
        return today + dt.timedelta(days=1)
    if written in _YESTERDAY:
        return today - dt.timedelta(days=1)
    if match := _OFFSET.match(written):
        days = int(match[2])
        return today + dt.timedelta(days=days if match[1] == "+" else -days)
    try:
        if match := _ISO.match(written):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        if match := _PACKED.match(written) or _PARTS.match(written):
            return dt.date(_year(match[3], today), int(match[2]), int(match[1]))
    except ValueError:
        return None
    return None


def _year(written: str | None, today: dt.date) -> int:
    if written is None:
        return today.year
    if len(written) == 4:
        return int(written)
    century = today.year - today.year % 100
    year = century + int(written)
    return year - 100 if year > today.year + 19 else year


def parse_time(text: str) -> dt.time | None:
    """Read a time of day: 9:05, 09.05, 0905, 9."""
    match = re.match(r"^(\d{1,2})(?:[:.\s]?(\d{2}))?$", text.strip())
    if not match or int(match[1]) > 23 or int(match[2] or 0) > 59:
        return None
    return dt.time(int(match[1]), int(match[2] or 0))


def _date_input(value: object) -> object:
    if not isinstance(value, str):
        return value
    parsed = parse_date(value)
    if parsed is None:
        raise PydanticCustomError("date_text", "not a date")
    return parsed


def _time_input(value: object) -> object:
    if not isinstance(value, str):
        return value
    parsed = parse_time(value)
    if parsed is None:
        raise PydanticCustomError("time_text", "not a time")
    return parsed


DateInput = Annotated[dt.date, BeforeValidator(_date_input)]
"""A form field that accepts a date as people write it."""

TimeInput = Annotated[dt.time, BeforeValidator(_time_input)]


def show_date(value: dt.date | dt.datetime | None) -> str:
    """20.11.2026, in local time."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = clock.local(value)
    return value.strftime("%d.%m.%Y")


def show_time(value: dt.datetime | dt.time | None) -> str:
    """14:05, in local time."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = clock.local(value)
    return value.strftime("%H:%M")


def show_clock_time(value: dt.datetime | None) -> str:
    """14:05:09, in local time, for journals."""
    return clock.local(value).strftime("%H:%M:%S") if value else ""


def show_moment(value: dt.datetime | None) -> str:
    """20.11.2026 14:05, in local time."""
    return f"{show_date(value)} {show_time(value)}" if value else ""


def show_deadline(value: dt.datetime | None) -> str:
    """Local date and time; a deadline at midnight is the end of the day before, so its date alone is shown."""
    if value is not None and clock.local(value).time() == dt.time():
        return show_date(value - dt.timedelta(days=1))
    return show_moment(value)


def age_years(birth_date: dt.date, on: dt.date) -> int:
    """Full years on a day."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def age_months(birth_date: dt.date, on: dt.date) -> int:
    """Full months on a day."""
    return (on.year - birth_date.year) * 12 + on.month - birth_date.month - (on.day < birth_date.day)


def show_age(birth_date: dt.date, on: dt.date | None = None) -> str:
    """Years; months under three years; days under one month."""
    on = on or clock.today()
    months = age_months(birth_date, on)
    if months < 1:
        return ngettext("%(num)d day old", "%(num)d days old", max(0, (on - birth_date).days))
    if months < 36:
        return ngettext("%(num)d month old", "%(num)d months old", months)
    return ngettext("%(num)d year old", "%(num)d years old", age_years(birth_date, on))


def weekday_name(day: dt.date) -> str:
    """Short name of the day of the week."""
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))[day.weekday()]
