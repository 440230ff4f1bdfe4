"""What a module declares about a list: where its rows come from, its columns, filters and who may read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_
from ops_app.kit.privacy import Privacy
from ops_app.permissions import Permission

Kind = Literal["text", "code", "date", "time", "moment", "number"]
"""A code is a word of another system: it may be long and breaks anywhere."""
Choices = Sequence[tuple[str, str]]
Asked = Mapping[str, Any]
"""Values of the filters by name: dates as dates, choices as their codes; what was not asked is absent."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``value`` takes a row and what ``look_up`` brought."""

    name: str
    title: str
    """Marked with ``N_()``."""
    value: Callable[[Any, Any], Any]
    kind: Kind = "text"
    privacy: Privacy = Privacy.PLAIN
    """Direct identifiers and free text are left out of a list that is asked for without names."""
    sort: Any = None
    """The SQL column the list may be sorted by."""
    link: Callable[[Any], tuple[str, dict[str, Any]] | None] | None = None
    """Route and parameters of the page behind the cell."""


@dataclass(frozen=True, slots=True)
class DateFilter:
    """A day, with the one that stands there when nothing was asked: days from today."""

    name: str
    title: str
    default: int | None = None


@dataclass(frozen=True, slots=True)
class ChoiceFilter:
    """One of some values; marked titles, or those that ``options`` finds for the reader."""

    name: str
    title: str
    choices: Choices = ()
    options: Callable[[Session, Actor, Scope], Choices] | None = None
    default: str | None = None
    """What stands there when nothing was asked."""


@dataclass(frozen=True, slots=True)
class WordFilter:
    """Words to be found in some columns; the journal's query need not know of it."""

    columns: tuple[Any, ...]
    """SQL columns or expressions that give text."""
    name: str = "q"
    title: str = N_("Words to find")


@dataclass(frozen=True, slots=True)
class Add:
    """The button that adds a row, for whoever may."""

    title: str
    """Marked with ``N_()``."""
    route: str
    parameters: Mapping[str, Any]
    permission: Permission


@dataclass(frozen=True, slots=True)
class Journal:
    """A declared list."""

    name: str
    title: str
    about: str
    """One sentence: what stands here."""
    permission: Permission
    query: Callable[[Scope, Asked], Select[*tuple[Any, ...]]]
    columns: tuple[Column, ...]
    default_sort: Sequence[Any]
    """Ends with a unique column."""
    person: Callable[[Any], int | None]
    """The patient whom a row names, for the audit."""
    filters: tuple[WordFilter | DateFilter | ChoiceFilter, ...] = ()
    empty: str = ""
    """How the first row appears; marked with ``N_()``."""
    look_up: Callable[[Session, Sequence[Any]], Any] = field(default=lambda session, rows: None)
    """Reads what the cells of a page need besides their rows, together."""
    order: int = 50
    nav: bool = True
    add: Add | None = None

    def shown(self, *, names: bool) -> tuple[Column, ...]:
        """The columns, without those that say who it is when no names are wanted."""
        hidden = () if names else (Privacy.DIRECT, Privacy.FREE_TEXT)
        return tuple(column for column in self.columns if column.privacy not in hidden)
