"""Lists over facts of people: whose insurance or document ended, who has a social status, works or studies where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session, aliased

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_
from ops_app.kit import clock
from ops_app.kit.privacy import Privacy
from ops_app.mechanisms.journal.declaration import (
    Asked,
    ChoiceFilter,
    Choices,
    Column,
    DateFilter,
    Journal,
    Kind,
)
from ops_app.mechanisms.register.field import RegisterField, in_words
from ops_app.modules.patients.journal_columns import BIRTH_DATE, name_column
from ops_app.modules.patients.models import Patient
from ops_app.modules.person_facts import registers
from ops_app.modules.person_facts.queries import counts_on, fixed_choices
from ops_app.modules.person_facts.registers import PersonRegister
from ops_app.permissions import Permission

COUNTING, ENDED = "counting", "ended"
STATES = ((COUNTING, N_("counting on the day")), (ENDED, N_("ended by the day, and nothing took its place")))


def _row(register: PersonRegister, row: Any) -> Any:
    return getattr(row, register.table.__name__)


def _rows(register: PersonRegister, choice: str, scope: Scope, asked: Asked) -> Select[Any]:
    table = register.table
    day = asked.get("on") or clock.today()
    statement = (
        select(table, Patient)
        .join(Patient, Patient.id == table.patient_id)
        .where(scope.condition(table.organization_id), Patient.entered_in_error_at.is_(None))
        .where(_ended(register, choice, day) if asked.get("row") == ENDED else counts_on(table, day))
    )
    if choice in asked:
        column = getattr(table, choice)
        statement = statement.where(column == column.type.python_type(asked[choice]))
    if "until" in asked:
        statement = statement.where(table.end_date <= asked["until"])
    return statement


def _ended(register: PersonRegister, choice: str, day: dt.date) -> ColumnElement[bool]:
    """It ended, and the person has no other one of its kind: whoever renewed it needs no reminder."""
    table, other = register.table, aliased(register.table)
    same = getattr(other, choice).is_not_distinct_from(getattr(table, choice))
    renewed = exists().where(other.patient_id == table.patient_id, same, counts_on(other, day))
    return table.entered_in_error_at.is_(None) & (table.end_date <= day) & ~renewed


def _look_up(register: PersonRegister, session: Session, rows: Sequence[Any]) -> dict[str, Any]:
    return dict(fixed_choices(session, register, [_row(register, row) for row in rows]))


def _value(register: PersonRegister, each: RegisterField) -> Callable[[Any, Any], Any]:
    def value(row: Any, words: dict[str, Any]) -> Any:
        held = getattr(_row(register, row), each.name)
        return held if each.kind == "date" else in_words(each, held, words)

    return value


def _column(register: PersonRegister, each: RegisterField) -> Column:
    column = getattr(register.table, each.name)
    kind: Kind = "date" if each.kind == "date" else "text"
    return Column(each.name, each.title, _value(register, each), kind, column.info["privacy"], sort=column)


def _held(register: PersonRegister, each: RegisterField) -> Callable[[Session, Actor, Scope], Choices]:
    """The values that stand in the scope's rows, with their titles: nobody chooses among places where no one lives."""

    def options(session: Session, actor: Actor, scope: Scope) -> Choices:
        column = getattr(register.table, each.name)
        rows: Sequence[Any] = session.scalars(
            select(register.table)
            .distinct(column)
            .where(scope.condition(register.table.organization_id), column.is_not(None))
        ).all()
        words = fixed_choices(session, register, rows)
        return sorted(((str(value), title) for value, title in words.get(each.name, ())), key=lambda pair: pair[1])

    return options


def _journal(register: PersonRegister, choice: str, about: str, order: int) -> Journal:
    chosen = next(each for each in register.fields if each.name == choice)
    shown = [each for each in register.fields if each.listed or each.name == "end_date"]
    return Journal(
        name=f"person_{register.name}",
        title=register.title,
        about=about,
        permission=Permission.PATIENTS_IDENTITY_WRITE,
        query=partial(_rows, register, choice),
        columns=(
            name_column(N_("Patient"), lambda row: ("patients:identity", {"patient_id": row.Patient.id})),
            Column(
                "iin", N_("IIN"), lambda row, more: row.Patient.iin or row.Patient.temporary_id, privacy=Privacy.DIRECT
            ),
            BIRTH_DATE,
            Column("phone", N_("Phone"), lambda row, more: row.Patient.phone, privacy=Privacy.DIRECT),
            *(_column(register, each) for each in shown),
        ),
        default_sort=(Patient.sort_key, register.table.id),
        person=lambda row: row.Patient.id,
        filters=(
            ChoiceFilter(choice, chosen.title, chosen.titles)
            if chosen.titles
            else ChoiceFilter(choice, chosen.title, options=_held(register, chosen)),
            ChoiceFilter("row", N_("State of the row"), STATES, default=COUNTING),
            DateFilter("on", N_("On the day"), default=0),
            DateFilter("until", N_("Ends by")),
        ),
        empty=N_("A row stands here as soon as it is noted on the page of a person."),
        look_up=partial(_look_up, register),
        order=order,
    )


JOURNALS = (
    _journal(registers.INSURANCE, "state", N_("Who is insured and who is not, and whose insurance ended."), 50),
    _journal(registers.DOCUMENTS, "type", N_("Identity documents, and those that expired without a new one."), 51),
    _journal(registers.SOCIAL_STATUSES, "status", N_("People of each social status, and whose status ended."), 52),
    _journal(registers.EMPLOYMENT, "enterprise_id", N_("Who works where."), 53),
    _journal(registers.EDUCATION, "institution_id", N_("Who studies where, with class or group."), 54),
    _journal(registers.ADDRESSES, "kato_code", N_("Who lives where, by place."), 55),
)
