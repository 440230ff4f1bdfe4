"""Search parameters of FHIR: how the text of an address becomes a condition of SQL."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_

from ops_app.errors import BadRequest
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.code_systems import ICD10, name_of
from ops_app.kit.spelling import fold

Condition = ColumnElement[bool]
Parameter = Callable[[str], Condition]
"""From one value of an address to a condition; commas and repetition are handled by ``conditions``."""

_PREFIXED = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d{4}.*)$")
_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
BIGGEST_ID = 2**63 - 1


def refused(name: str, value: str) -> BadRequest:
    """What to say about a value that is no value of its parameter."""
    return BadRequest(
        _("The search parameter %(name)s cannot be “%(value)s”", name=name, value=value),
        advice=_("See /fhir/metadata for the parameters of each resource."),
    )


def number(value: str, kind: str) -> int:
    """The row a reference names: ``12`` or ``Patient/12``."""
    text = value.removeprefix(f"{kind}/")
    if not text.isdigit() or int(text) > BIGGEST_ID:
        raise refused(kind.lower(), value)
    return int(text)


def reference(column: Any, kind: str) -> Parameter:
    """A pointer to another resource."""
    return lambda value: column == number(value, kind)


def key(column: Any) -> Parameter:
    """``_id``: what is no number of ours names nothing."""
    return lambda value: column == int(value) if value.isdigit() and int(value) <= BIGGEST_ID else false()


def code(column: Any, system_column: Any = None, system: str | None = None) -> Parameter:
    """A token: ``code``, ``system|code`` or ``system|``."""

    def condition(value: str) -> Condition:
        asked, bar, wanted = value.rpartition("|")
        parts: list[Condition] = []
        if bar and asked:
            if system_column is not None:
                parts.append(system_column == name_of(asked))
            elif system is not None and asked != system:
                return false()
        if wanted:
            parts.append(column == wanted)
        return and_(*parts) if parts else false()

    return condition


def diagnosis(icd10: Any, original: Any = None, original_system: Any = None) -> Parameter:
    """An ICD-10 code, or the code an imported row came with."""
    by_icd = code(icd10, system=ICD10)
    if original is None:
        return by_icd
    by_original = code(original, original_system)
    return lambda value: or_(by_icd(value), by_original(value))


def mapped(by_code: Mapping[str, Condition]) -> Parameter:
    """A status: each code of FHIR is a condition of ours."""
    return lambda value: by_code.get(value.rpartition("|")[2], false())


def status(column: Any, error_column: Any, words: Mapping[str, tuple[str, ...]]) -> Parameter:
    """A status with the FHIR word for rows entered in error."""
    known = {word: and_(column.in_(stored), error_column.is_(None)) for word, stored in words.items()}
    return mapped({**known, "entered-in-error": error_column.is_not(None)})


def starts_with(*columns: Any) -> Parameter:
    """A name in any spelling: its beginning, folded as the register folds names."""

    def condition(value: str) -> Condition:
        folded = fold(value)
        if not folded:
            return false()
        return or_(*(column.startswith(folded, autoescape=True) for column in columns))

    return condition


def moments(column: Any) -> Parameter:
    """A date parameter against a moment."""

    def condition(value: str) -> Condition:
        prefix, start, end = span(value)
        return _compare(column, prefix, start, end)

    return condition


def days(column: Any) -> Parameter:
    """A date parameter against a calendar day."""

    def condition(value: str) -> Condition:
        prefix, start, end = span(value)
        # The last day inside the span: its end is the first moment outside.
        return _compare(
            column, prefix, clock.local(start).date(), clock.local(end - dt.timedelta(microseconds=1)).date(), True
        )

    return condition


def span(value: str) -> tuple[str, dt.datetime, dt.datetime]:
    """A prefix and the moments a value covers: ``2026-11`` is a month, in local time where no zone is named."""
    found = _PREFIXED.match(value)
    if not found:
        raise refused("date", value)
    prefix, text = found[1] or "eq", found[2]
    try:
        if partial := _PARTIAL.match(text):
            year, month, day = (int(part) if part else None for part in partial.groups())
            first = dt.date(year or 1, month or 1, day or 1)
            last = _after(first, month is not None, day is not None)
            return prefix, clock.from_local(first), clock.from_local(last)
        at = dt.datetime.fromisoformat(text.replace(" ", "+"))
        if at.tzinfo is None:
            at = at.replace(tzinfo=clock.LOCAL_ZONE)
        at = at.astimezone(dt.UTC)
        return prefix, at, at + _width(text)
    except (ValueError, OverflowError):
        raise refused("date", value) from None


def _width(text: str) -> dt.timedelta:
    """How exactly a time is said: to the minute, the second or the millisecond."""
    time = text.partition("T")[2]
    if "." in time:
        return dt.timedelta(milliseconds=1)
    return dt.timedelta(seconds=1) if time.count(":") - ("+" in time) > 1 else dt.timedelta(minutes=1)


def _after(first: dt.date, has_month: bool, has_day: bool) -> dt.date:
    if has_day:
        return first + dt.timedelta(days=1)
    if has_month:
        return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return first.replace(year=first.year + 1)


def _compare(column: Any, prefix: str, start: Any, end: Any, inclusive: bool = False) -> Condition:
    inside = and_(column >= start, column <= end if inclusive else column < end)
    beyond = column > end if inclusive else column >= end
    return {
        "eq": inside,
        "ap": inside,
        "ne": not_(inside),
        "gt": beyond,
        "sa": beyond,
        "lt": column < start,
        "eb": column < start,
        "ge": column >= start,
        "le": column <= end if inclusive else column < end,
    }[prefix]


def conditions(parameters: Mapping[str, Parameter], asked: list[tuple[str, str]]) -> list[Condition]:
    """One condition for each parameter asked for: commas mean or, repetition means and."""
    found: list[Condition] = []
    for name, value in asked:
        made = parameters.get(name)
        if made is not None:
            found.append(or_(*(made(part) for part in value.split(",") if part)) if value else false())
    return found
