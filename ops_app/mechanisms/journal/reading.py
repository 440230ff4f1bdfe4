"""From an address to rows: filters read and checked, a page or everything fetched, the people named audited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.i18n import _, gettext
from ops_app.kit import clock
from ops_app.kit.dates import parse_date, show_clock_time, show_date, show_moment, show_time
from ops_app.kit.numbers import show_number
from ops_app.kit.paging import Page, PageRequest, fetch_page, sorted_by
from ops_app.kit.words import has_words
from ops_app.mechanisms.journal.declaration import (
    ChoiceFilter,
    Choices,
    Column,
    DateFilter,
    Journal,
    WordFilter,
)

RULE = "journal"
BATCH = 500
LONGEST_WORDS = 80
PRINT_LIMIT = 2_000
"""Nobody reads more on paper; the spreadsheet holds everything."""


@dataclass
class Reading:
    """What was asked of a journal, and what was wrong with it."""

    journal: Journal
    names: bool = True
    asked: dict[str, Any] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    choices: dict[str, Choices] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of this reading."""
        return self.journal.shown(names=self.names)

    @property
    def sortable(self) -> dict[str, Any]:
        """The columns it may be sorted by."""
        return {column.name: column.sort for column in self.columns if column.sort is not None}

    def page_of(self, row: Any) -> tuple[str, dict[str, Any]] | None:
        """Route and parameters of what a row opens: the page behind the first of its cells that has one."""
        return next((target for each in self.columns if each.link and (target := each.link(row))), None)

    def told(self) -> list[tuple[str, str]]:
        """The filters in words, for paper and spreadsheet."""
        found = []
        for each in self.journal.filters:
            value = self.asked.get(each.name)
            if value is None:
                continue
            if isinstance(each, ChoiceFilter):
                value = dict(self.choices[each.name])[value]
            found.append((gettext(each.title), show_date(value) if isinstance(value, dt.date) else value))
        return found


def read(session: Session, actor: Actor, journal: Journal, query: Mapping[str, str]) -> Reading:
    """Read the filters of an address; what cannot be understood is said and left out."""
    reading = Reading(journal, names=query.get("names") != "hide")
    is_first = not any(each.name in query for each in journal.filters)
    for each in journal.filters:
        typed = query.get(each.name, "").strip()
        if isinstance(each, DateFilter):
            if is_first and each.default is not None:
                typed = show_date(clock.today() + dt.timedelta(days=each.default))
            day = parse_date(typed) if typed else None
            if typed and day is None:
                reading.errors[each.name] = _("Write a date, for example 20.11.2026, 20 11, today or +3")
            value: Any = day
        elif isinstance(each, WordFilter):
            typed = typed[:LONGEST_WORDS]
            value = typed or None
        else:
            if is_first and each.default is not None:
                typed = each.default
            marked = [(code, gettext(title)) for code, title in each.choices]
            reading.choices[each.name] = (
                each.options(session, actor, actor.scope(journal.permission)) if each.options else marked
            )
            value = typed if typed in dict(reading.choices[each.name]) else None
            if typed and value is None:
                reading.errors[each.name] = _("Choose one of the listed values")
        reading.typed[each.name] = typed
        if value is not None:
            reading.asked[each.name] = value
    return reading


def page_of(session: Session, actor: Actor, reading: Reading, paging: PageRequest) -> tuple[Page[Any], Any]:
    """One page with what its cells need; the people on it are audited when it names them."""
    journal = reading.journal
    statement = _statement(actor, reading)
    found = fetch_page(session, statement, paging, sortable=reading.sortable, default=journal.default_sort)
    _audit(session, actor, reading, found.items, set())
    return found, journal.look_up(session, found.items)


def everything(
    session: Session, actor: Actor, reading: Reading, paging: PageRequest, limit: int | None = None
) -> Iterator[list[Any]]:
    """Cells of all rows in the order of the screen, a batch at a time, so that no list is too long for memory."""
    journal = reading.journal
    order = sorted_by(paging, reading.sortable, journal.default_sort)
    statement = _statement(actor, reading).order_by(*order)
    if limit is not None:
        statement = statement.limit(limit)
    rows = session.execute(statement.execution_options(yield_per=BATCH))
    seen: set[int] = set()
    for batch in rows.partitions(BATCH):
        _audit(session, actor, reading, batch, seen)
        more = journal.look_up(session, batch)
        for row in batch:
            yield [column.value(row, more) for column in reading.columns]


def _statement(actor: Actor, reading: Reading) -> Select[Any]:
    journal = reading.journal
    statement = journal.query(actor.scope(journal.permission), reading.asked)
    for each in journal.filters:
        if isinstance(each, WordFilter) and each.name in reading.asked:
            statement = statement.where(has_words(each.columns, reading.asked[each.name]))
    return statement


def _audit(session: Session, actor: Actor, reading: Reading, rows: Sequence[Any], seen: set[int]) -> None:
    if not reading.names:
        return
    people = {person for row in rows if (person := reading.journal.person(row))} - seen
    seen |= people
    audit.read_many(session, actor, sorted(people), rule=f"{RULE} {reading.journal.name}")


def shown(column: Column, value: Any) -> str:
    """A cell as people read it."""
    if value is None or value == "":
        return ""
    if column.kind == "number":
        return show_number(value)
    words = {"date": show_date, "time": show_time, "moment": show_moment, "clock": show_clock_time}
    return words[column.kind](value) if column.kind in words else str(value)
