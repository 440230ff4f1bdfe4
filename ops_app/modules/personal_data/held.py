"""What is really held about a person: counted in every table that names him, grouped by data set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Column, Table, cast, func, null, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Date

from ops_app.i18n import _
from ops_app.kit.dates import show_date
from ops_app.models import load_all
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.fact_text import KIND_TITLES
from ops_app.modules.personal_data.declarations import data_set_of, data_sets, retentions
from ops_app.modules.personal_data.titles import WAYS

TIMES = ("event_at", "start_at", "formed_at", "given_on", "received_on", "start_date", "recorded_at", "at")
"""When a row is of: the first of these columns that its table has."""
SUBJECT = ("patient_id", "other_patient_id")


@dataclass(frozen=True)
class Holding:
    """Rows of one table about one person."""

    data_set: str
    table: str
    rows: int
    first: dt.date | None
    last: dt.date | None

    @property
    def title(self) -> str:
        """The words people know the table by."""
        name = self.table.partition(".")[2]
        return _(KIND_TITLES[name]) if name in KIND_TITLES else str(data_sets()[self.data_set].title)

    def as_dict(self) -> dict[str, object]:
        """For programs."""
        return {
            "data_set": self.data_set,
            "table": self.table,
            "rows": self.rows,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }


@lru_cache(maxsize=1)
def person_tables() -> tuple[Table, ...]:
    """Every table whose rows name a person."""
    tables = load_all().metadata.tables.values()
    found = [table for table in tables if table.fullname != "patients.patient" and subject_columns(table)]
    return tuple(sorted(found, key=lambda table: table.fullname))


def subject_columns(table: Table) -> list[Column[object]]:
    """The columns that say whose row it is."""
    if table.fullname == Event.__table__.fullname:  # type: ignore[attr-defined]
        return [table.c.patient_id]
    return [
        column
        for column in table.columns
        if column.name != "mother_id"
        and any(key.target_fullname == "patients.patient.id" for key in column.foreign_keys)
    ]


def held(session: Session, records: Sequence[int], places: Iterable[int] | None = None) -> list[Holding]:
    """What the tables hold; with ``places``, of rows that belong to an organisation only those of these."""
    found = [Holding("identity", "patients.patient", len(records), None, None)]
    listed = sorted(places) if places is not None else None
    for table in person_tables():
        code = data_set_of(table.fullname)
        if code is None:
            continue
        when = next((table.c[name] for name in TIMES if name in table.c), None)
        day = cast(when, Date) if when is not None else cast(null(), Date)
        about = or_(*(column.in_(records) for column in subject_columns(table)))
        statement = select(func.count(), func.min(day), func.max(day)).select_from(table).where(about)
        if listed is not None and "organization_id" in table.c:
            statement = statement.where(or_(table.c.organization_id.in_(listed), table.c.organization_id.is_(None)))
        rows, first, last = session.execute(statement).one()
        if rows:
            found.append(Holding(code, table.fullname, rows, first, last))
    return found


def kept_until(code: str, holdings: Sequence[Holding]) -> dt.date | None:
    """The day on which the term of a data set ends: counted from its last record."""
    days = [holding.last for holding in holdings if holding.data_set == code and holding.last]
    return later_by_years(max(days), retentions()[data_sets()[code].retention].years) if days else None


def later_by_years(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def first_part(holdings: Sequence[Holding]) -> list[str]:
    """That data exist, for what they are used, where they came from and how they are worked with."""
    lines = []
    for code in dict.fromkeys(holding.data_set for holding in holdings):
        about = data_sets()[code]
        sources = ", ".join(_(WAYS[way]) for way in about.ways)
        lines.append(
            _(
                "%(title)s: held. Purpose: %(purpose)s. Sources: %(sources)s. Basis: %(basis)s.",
                title=str(about.title),
                purpose=str(about.purpose),
                sources=sources,
                basis=str(about.basis),
            )
        )
    lines.append(
        _(
            "Ways of processing: in the medical information system, by staff with a right to it; "
            "without names for statistics."
        )
    )
    return lines


def second_part(holdings: Sequence[Holding], fields: Sequence[str]) -> list[str]:
    """The list of the data."""
    lines = [_("Passport part: %(fields)s", fields=", ".join(fields))]
    merged: dict[str, tuple[int, list[dt.date]]] = {}
    for holding in holdings:
        if holding.table == "patients.patient":
            continue
        rows, days = merged.get(holding.title, (0, []))
        days = days + [day for day in (holding.first, holding.last) if day]
        merged[holding.title] = (rows + holding.rows, days)
    for title, (rows, days) in merged.items():
        period = f", {show_date(min(days))} – {show_date(max(days))}" if days else ""
        lines.append(f"{title}: {rows}{period}")
    return lines


def third_part(holdings: Sequence[Holding]) -> list[str]:
    """How long the data are worked with and stored."""
    lines = []
    for code in dict.fromkeys(holding.data_set for holding in holdings):
        about = data_sets()[code]
        term = retentions()[about.retention]
        until = kept_until(code, holdings)
        lines.append(
            _(
                "%(title)s: %(years)s years after the last record, by %(source)s",
                title=str(about.title),
                years=term.years,
                source=str(term.source),
            )
            + (" " + _("(not before %(day)s)", day=show_date(until)) if until else "")
        )
    lines.append(_("The data are worked with as long as care is provided, and stored until these terms end."))
    return lines
