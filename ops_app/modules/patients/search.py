"""Finding a person by number, name in any spelling and order, and birth date.

Names are compared by their folded columns. The exact and prefix readings come first; when they
find little, parts of four letters and more are widened to every known name part one typo away.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.modules.patients.access import within, within_parameters
from ops_app.modules.patients.names import SHORTEST_WITH_TYPO, folded_parts, one_typo_apart, spellings
from ops_app.modules.personal_data.mask import blocked_people

LIMIT = 50
ENOUGH = 5
"""With fewer exact finds than this the search also looks for typos."""
_MOST_PARTS = 3
_MONTHS = 12
IIN_LENGTH = 12

_DATE = re.compile(r"\b(?:(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{4})|(\d{4})-(\d{1,2})-(\d{1,2}))\b")
_YEAR = re.compile(r"(?<!\S)(1[89]\d\d|20\d\d)(?!\S)")
_DIGITS = re.compile(r"(?<!\S)\d{4,12}(?!\S)")
_TEMPORARY = re.compile(r"\b[TN]-[0-9TN-]{4,}\b", re.IGNORECASE)

# Together the three name indexes cover every pair of these columns.
_COLUMNS = ("family_fold", "given_fold", "patronymic_fold")
_MOST_TOKENS = 500

_PERSON = """
  select id, iin, temporary_id, family_name, given_name, patronymic, family_fold, given_fold, patronymic_fold,
    sort_key, sex, birth_date, identity_status
  from patients.patient where is_live and entered_in_error_at is null
"""
_NEAR_TOKENS = text("select distinct token from patients.name_deletion where deletion = any(:forms)")
_LONGER_TOKENS = text("select token from patients.name_token where token like :beginning limit :most")


@dataclass(frozen=True)
class Wanted:
    """What a line of search text asks for."""

    digits: str | None = None
    temporary_id: str | None = None
    birth_date: dt.date | None = None
    birth_year: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Too little to search by: a lone year, or one letter of a name."""
        named = any(len(part) >= 2 for part in self.parts)
        return not (self.digits or self.temporary_id or self.birth_date or named)


@dataclass(frozen=True)
class Found:
    """A person found; ``is_exact`` is false when a typo was forgiven."""

    id: int
    iin: str | None
    temporary_id: str | None
    family_name: str
    given_name: str
    patronymic: str | None
    sex: str
    birth_date: dt.date
    identity_status: str
    is_exact: bool


def read(line: str) -> Wanted:
    """Take a line apart into numbers, a birth date and parts of a name."""
    temporary = _TEMPORARY.search(line)
    if temporary:
        return Wanted(temporary_id=temporary.group().upper())
    birth_date = None
    found = _DATE.search(line)
    if found:
        day, month, year, iso_year, iso_month, iso_day = found.groups()
        birth_date = _birth_date(int(year or iso_year), int(month or iso_month), int(day or iso_day))
        line = line.replace(found.group(), " ")
    parts = _at_most_three(folded_parts(line))
    squeezed = re.sub(r"(?<=\d)[ -](?=\d)", "", line)
    year_found = _YEAR.search(line) if parts or birth_date else None
    digits = None if year_found else _DIGITS.search(squeezed)
    return Wanted(
        digits=digits.group() if digits else None,
        birth_date=birth_date,
        birth_year=int(year_found.group()) if year_found else None,
        parts=parts,
    )


def _birth_date(year: int, month: int, day: int) -> dt.date | None:
    """The date as written; one that no calendar has is read with day and month changed round."""
    for one, other in ((month, day), (day, month)):
        try:
            return dt.date(year, one, other)
        except ValueError:
            continue
    return None


def search(session: Session, line: str, scope: Scope | None = None, limit: int = LIMIT) -> list[Found]:
    """People who fit a line of text, best first; only those within a scope when one is given."""
    wanted = read(line)
    if wanted.is_empty:
        return []
    asked = _Question.about(wanted, scope, limit, blocked_people(session))
    if not wanted.parts:
        return [_found(row, is_exact=True) for row in asked.run(session, [])]
    readings = [_Reading(part) for part in wanted.parts]
    people = {row.id: row for row in asked.run(session, readings)}
    exact = set(people)
    if len(people) < ENOUGH:
        widened = [_widened(session, part) for part in wanted.parts]
        if all(reading.tokens != () for reading in widened):
            people |= {row.id: row for row in asked.run(session, widened)}
    if not people and wanted.birth_date:
        for other, kept in _otherwise(wanted):
            about = _Question.about(other, scope, limit, blocked_people(session))
            people |= {row.id: row for row in about.run(session, [_Reading(part) for part in kept])}
    ordered = sorted(
        people.values(), key=lambda row: (row.id not in exact, *_nearness(row, wanted.parts), row.sort_key, row.id)
    )
    return [_found(row, is_exact=row.id in exact) for row in ordered[:limit]]


def _otherwise(wanted: Wanted) -> Iterator[tuple[Wanted, tuple[str, ...]]]:
    """Readings where nobody fits: day and month changed round, or one part of the name was changed since."""
    born = wanted.birth_date
    if born is not None and born.day <= _MONTHS and born.day != born.month:
        yield replace(wanted, birth_date=dt.date(born.year, born.day, born.month)), wanted.parts
    if len(wanted.parts) > 1:
        for left_out in range(len(wanted.parts)):
            yield wanted, wanted.parts[:left_out] + wanted.parts[left_out + 1 :]


@dataclass(frozen=True)
class _Reading:
    """How a part of a name may stand in a column: its beginning, or any of the listed tokens."""

    part: str
    tokens: tuple[str, ...] | None = None

    @property
    def value(self) -> str | list[str]:
        return self.part + "%" if self.tokens is None else list(self.tokens)

    def condition(self, column: str, number: int) -> str:
        return f"{column} like :part{number}" if self.tokens is None else f"{column} = any(:part{number})"


@dataclass(frozen=True)
class _Question:
    """The conditions of one search that do not depend on names, and their values."""

    conditions: str
    scope_condition: str
    values: dict[str, object]

    @classmethod
    def about(cls, wanted: Wanted, scope: Scope | None, limit: int, blocked: Collection[int]) -> _Question:
        conditions: list[str] = []
        values: dict[str, object] = {"limit": limit * 2}
        if wanted.digits and len(wanted.digits) == IIN_LENGTH:
            conditions.append("iin = :digits")
            values["digits"] = wanted.digits
        elif wanted.digits:
            # A range and not LIKE: the unique index on the number serves it; ":" follows "9".
            conditions.append("iin >= :digits and iin < :digits_end")
            values |= {"digits": wanted.digits, "digits_end": wanted.digits + ":"}
        if wanted.temporary_id:
            conditions.append("temporary_id = :temporary_id")
            values["temporary_id"] = wanted.temporary_id
        if wanted.birth_date:
            conditions.append("birth_date = :birth_date")
            values["birth_date"] = wanted.birth_date
        if wanted.birth_year:
            conditions.append("birth_date between :year_begin and :year_end")
            values |= {
                "year_begin": dt.date(wanted.birth_year, 1, 1),
                "year_end": dt.date(wanted.birth_year, 12, 31),
            }
        if blocked:
            # found by a name, a person would be named though his data may not be used
            conditions.append("id <> all(:blocked)")
            values["blocked"] = sorted(blocked)
        if scope is None or scope.everywhere:
            scope_condition = "true"
        else:
            scope_condition = within("person.id")
            values |= within_parameters(scope)
        return cls("".join(f" and {condition}" for condition in conditions), scope_condition, values)

    def run(self, session: Session, readings: Sequence[_Reading]) -> Sequence[Row[Any]]:
        # Each order of the parts is its own index scan; one OR over all would read the whole table.
        orders = [
            [
                reading.condition(column, number)
                for number, (reading, column) in enumerate(zip(readings, columns, strict=True))
            ]
            for columns in itertools.permutations(_COLUMNS, len(readings))
        ]
        values = self.values | {f"part{number}": reading.value for number, reading in enumerate(readings)}
        if len(readings) == 1 and readings[0].tokens is None:
            # "Серік" begins thousands of names; those who bear just that name must not be cut off.
            orders = [[f"{column} = :whole"] for column in _COLUMNS] + orders
            values["whole"] = readings[0].part
        branches = " union all ".join(
            _PERSON + self.conditions + "".join(f" and {condition}" for condition in order) for order in orders
        )
        statement = f"select * from ({branches}) person where {self.scope_condition} limit :limit"
        return session.execute(text(statement), values).all()


def _widened(session: Session, part: str) -> _Reading:
    if len(part) < SHORTEST_WITH_TYPO:
        return _Reading(part)
    near = session.scalars(_NEAR_TOKENS, {"forms": sorted(spellings(part))})
    tokens = {token for token in near if one_typo_apart(token, part)}
    tokens.update(session.scalars(_LONGER_TOKENS, {"beginning": part + "%", "most": _MOST_TOKENS}))
    return _Reading(part, tuple(sorted(tokens)))


def _nearness(row: Row[Any], parts: Sequence[str]) -> tuple[int, bool]:
    # "Серік" before "Серікбол", and family names before the others: lists are read by family name.
    names = {row.family_fold, row.given_fold, row.patronymic_fold}
    return sum(part not in names for part in parts), not row.family_fold.startswith(parts[0])


def _at_most_three(parts: list[str]) -> tuple[str, ...]:
    # A person has three name columns; further words belong to a compound name.
    if len(parts) <= _MOST_PARTS:
        return tuple(parts)
    return (*parts[: _MOST_PARTS - 1], "".join(parts[_MOST_PARTS - 1 :]))


def _found(row: Row[Any], is_exact: bool) -> Found:
    return Found(
        id=row.id,
        iin=row.iin,
        temporary_id=row.temporary_id,
        family_name=row.family_name,
        given_name=row.given_name,
        patronymic=row.patronymic,
        sex=row.sex,
        birth_date=row.birth_date,
        identity_status=row.identity_status,
        is_exact=is_exact,
    )
