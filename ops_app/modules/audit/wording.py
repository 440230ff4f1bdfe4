"""A change as its reviewer reads it: the kind of record, its fields and their values in words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import _
from ops_app.kit.among import among
from ops_app.kit.dates import show_date, show_moment
from ops_app.kit.declared import Declared, Text
from ops_app.mechanisms.task.kind import declared
from ops_app.models import load_all
from ops_app.modules.accounts.models import Account
from ops_app.modules.accounts.queries import Person, people_of
from ops_app.modules.audit.code_titles import titles_of
from ops_app.modules.audit.models import Event
from ops_app.modules.organizations.models import Location, Organization
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.ui.people import shown
from ops_app.ui.render import local_name

CONTENT = Path(__file__).resolve().parents[2] / "content" / "audit"
HIDDEN = ("id", "row_xid", "seen_xid")
"""Fields that say nothing about the record: its number stands beside its kind, and marks of the database."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
_LONG = 300
"""Characters of a value that are shown; the rest of a scan or a message helps no reader."""


class FieldTitles(Declared):
    """Titles of fields, and of the steps whose time and author records keep."""

    fields: dict[str, Text]
    steps: dict[str, Text]


@lru_cache(maxsize=1)
def record_titles() -> dict[str, Text]:
    """Titles of the kinds of records by their tables."""
    read = yaml.safe_load((CONTENT / "records.yaml").read_text("utf-8"))
    return {name: Text.model_validate(about) for name, about in read.items()}


@lru_cache(maxsize=1)
def field_titles() -> FieldTitles:
    """Titles of the fields by their names."""
    return FieldTitles.model_validate(yaml.safe_load((CONTENT / "fields.yaml").read_text("utf-8")))


def record_title(entity: str) -> str:
    """The kind of record in the reader's language; a name that nobody gave words stays as it is."""
    title = record_titles().get(entity.partition(":")[0])
    return str(title) if title else entity


def field_title(name: str) -> str:
    """A field in the reader's language."""
    known = field_titles()
    if name in known.fields:
        return str(known.fields[name])
    step, _dash, about = name.rpartition("_")
    if step in known.steps and about in ("at", "by"):
        what = str(known.steps[step]).capitalize()
        return _("%(what)s: when", what=what) if about == "at" else _("%(what)s: by whom", what=what)
    return name


@dataclass(frozen=True)
class Change:
    """A field of a changed record with what it held and what it holds; ``None`` where there was no record."""

    title: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Wording:
    """Names that the values of several rows point to, found in one SELECT a table."""

    names: Mapping[str, Mapping[int, str]]
    """By the table that a field refers to, then by number."""
    people: Mapping[str, Person]
    """By login."""

    @classmethod
    def of(cls, session: Session, events: Iterable[Event]) -> Wording:
        """Look up what these rows name."""
        wanted: dict[str, set[int]] = {}
        logins: set[str] = set()
        for event in events:
            for values in (event.before, event.after):
                for field, value in (values or {}).items():
                    target = _refers_to(event.entity, field)
                    if target in _NAMES and isinstance(value, int):
                        wanted.setdefault(target, set()).add(value)
                    elif _is_login(field) and isinstance(value, str):
                        logins.add(value)
        names = {target: _NAMES[target](session, ids) for target, ids in wanted.items()}
        return cls(names, people_of(session, logins) if logins else {})

    def changes(self, event: Event) -> list[Change]:
        """The fields of a row of the journal in words."""
        before, after = event.before, event.after
        both = before is not None and after is not None
        # Of a record that is new or gone only what it held is worth a line.
        listed = [
            name
            for name, value in (after or before or {}).items()
            if name not in HIDDEN and (both or value not in (None, "", [], {}))
        ]
        return [
            Change(
                field_title(name),
                None if before is None else self.value(event.entity, name, before.get(name)),
                None if after is None else self.value(event.entity, name, after.get(name)),
            )
            for name in listed
        ]

    def value(self, entity: str | None, field: str, value: Any) -> str:
        """A value as a page would show it."""
        if value is None or value == "":
            return "—"
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, Mapping):
            return "; ".join(f"{field_title(name)}: {self.value(entity, name, held)}" for name, held in value.items())
        if isinstance(value, list):
            return ", ".join(self.value(entity, field, held) for held in value) or "—"
        if isinstance(value, int):
            target = _refers_to(entity, field)
            return self.names.get(target, {}).get(value) or (f"№ {value}" if target else str(value))
        if isinstance(value, float):
            return f"{value:g}".replace(".", ",")
        if _is_login(field):
            return shown(str(value), self.people.get(str(value)))
        return _text(entity, field, str(value))


def _is_login(field: str) -> bool:
    return field.endswith("_by")


def _text(entity: str | None, field: str, value: str) -> str:
    title = titles_of(entity, field).get(value)
    if title:
        return _(title)
    if entity == "worklist.task" and field == "kind":
        kind = declared().get(value)
        return _(kind.title) if kind else value
    if field == "subject":
        kind_of, _colon, number = value.partition(":")
        record = record_titles().get(kind_of.replace("_", ".", 1))
        return f"{record} № {number}" if record else value
    if _DATE.fullmatch(value):
        return show_date(dt.date.fromisoformat(value))
    if _MOMENT.fullmatch(value):
        return show_moment(dt.datetime.fromisoformat(value))
    return value if len(value) <= _LONG else f"{value[:_LONG]}…"


@lru_cache(maxsize=2048)
def _refers_to(entity: str | None, field: str) -> str:
    # By the column of the record's table; a few are put into the journal under names of their own.
    table = load_all().metadata.tables.get(entity or "")
    if table is not None and field in table.c:
        return next((key.column.table.fullname for key in table.c[field].foreign_keys), "")
    return "accounts.account" if field == "account_id" else ""


def _account_names(session: Session, ids: set[int]) -> dict[int, str]:
    found = session.execute(select(Account.id, Account.display_name).where(among(Account.id, ids)))
    return dict(found.tuples().all())


def _place_names(session: Session, ids: set[int]) -> dict[int, str]:
    return {row.id: local_name(row) for row in session.scalars(select(Organization).where(among(Organization.id, ids)))}


def _location_names(session: Session, ids: set[int]) -> dict[int, str]:
    return {row.id: local_name(row) for row in session.scalars(select(Location).where(among(Location.id, ids)))}


_NAMES: Mapping[str, Callable[[Session, set[int]], Mapping[int, str]]] = {
    "accounts.account": _account_names,
    "organizations.location": _location_names,
    "organizations.organization": _place_names,
    "organizations.practitioner": practitioner_names,
}
