"""The list of each register: screen, print, spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.i18n import N_, gettext
from ops_app.kit import clock
from ops_app.mechanisms.journal.declaration import Add, Asked, ChoiceFilter, Choices, Column, Journal, WordFilter
from ops_app.mechanisms.register.field import RegisterField
from ops_app.modules.organizations.models import Location, Organization, Practitioner, PractitionerRole
from ops_app.modules.resources import choices
from ops_app.modules.resources.registers import REGISTERS, Register
from ops_app.permissions import Permission

STATES = (("counting", N_("counting now")), ("closed", N_("closed")))


def _rows(register: Register, scope: Scope, asked: Asked) -> Select[Any]:
    table, today = register.table, clock.today()
    statement = select(table).where(scope.condition(table.organization_id))
    if "organization" in asked:
        statement = statement.where(table.organization_id == int(asked["organization"]))
    if register.choice and register.choice in asked:
        statement = statement.where(getattr(table, register.choice) == asked[register.choice])
    if asked.get("state") == "counting":
        statement = statement.where(or_(table.end_date.is_(None), table.end_date > today))
    if asked.get("state") == "closed":
        statement = statement.where(table.end_date <= today)
    return statement


def _row(register: Register, row: Any) -> Any:
    return getattr(row, register.table.__name__)


def _look_up(register: Register, session: Session, rows: Sequence[Any]) -> dict[str, dict[str, str]]:
    everywhere = Scope(everywhere=True)
    return {each.name: dict(each.options(session, everywhere)) for each in register.fields if each.options}


def _cell(register: Register, each: RegisterField) -> Callable[[Any, Any], Any]:
    def value(row: Any, found: dict[str, dict[str, str]]) -> Any:
        held = getattr(_row(register, row), each.name)
        if each.titles:
            return gettext(dict(each.titles)[held]) if held else ""
        return found[each.name].get(str(held), "") if each.options else held

    return value


def _column(register: Register, each: RegisterField, *, is_link: bool) -> Column:
    def page_of(row: Any) -> tuple[str, dict[str, Any]]:
        return "resources:row", {"register": register.name, "row_id": _row(register, row).id}

    return Column(
        each.name,
        each.title,
        _cell(register, each),
        "number" if each.kind == "number" else "date" if each.kind == "date" else "text",
        sort=None if each.options else getattr(register.table, each.name),
        link=page_of if is_link else None,
    )


def _names(column: Any) -> Any:
    """What the row is called to which a column leads: a place, a room, a member of staff."""
    [key] = column.property.columns[0].foreign_keys
    if key.column.table is PractitionerRole.__table__:
        held = select(PractitionerRole.practitioner_id).where(PractitionerRole.id == column).scalar_subquery()
        return _names_of(Practitioner, held)
    named = (Organization, Location, Practitioner)
    return _names_of(next(each for each in named if key.column.table is each.__table__), column)


def _names_of(table: Any, key: Any) -> Any:
    people = table is Practitioner
    names = (table.family_name, table.given_name) if people else (table.name_kk, table.name_ru, table.name_en)
    return select(func.concat_ws(" ", *names)).where(table.id == key).scalar_subquery()


def _words(register: Register) -> WordFilter:
    """Whatever a row of the register says in words of its own, or through what it names."""
    columns = [(each, getattr(register.table, each.name)) for each in register.fields if each.listed]
    return WordFilter(
        tuple(
            column if each.kind == "text" else _names(column)
            for each, column in columns
            if each.options or each.kind == "text"
        )
    )


def _organizations(session: Session, actor: Actor, scope: Scope) -> Choices:
    return choices.organizations(session, scope)


def journal_of(register: Register) -> Journal:
    """The list of a register."""
    own = (
        (ChoiceFilter(register.choice, register.field(register.choice).title, register.field(register.choice).titles),)
        if register.choice
        else ()
    )
    return Journal(
        name=register.name,
        title=register.title,
        about=register.about,
        permission=Permission.RESOURCES_REGISTER_READ,
        query=partial(_rows, register),
        columns=tuple(
            _column(register, each, is_link=each.name == register.sort) for each in register.fields if each.listed
        ),
        default_sort=(getattr(register.table, register.sort), register.table.id),
        person=lambda row: None,
        filters=(
            _words(register),
            ChoiceFilter("organization", N_("Facility"), options=_organizations),
            *own,
            ChoiceFilter("state", N_("State of the row"), STATES, default="counting"),
        ),
        empty=N_("The first row appears with the button above."),
        look_up=partial(_look_up, register),
        nav=False,
        add=Add(register.one, "resources:new", {"register": register.name}, Permission.RESOURCES_REGISTER_WRITE),
    )


JOURNALS = tuple(journal_of(register) for register in REGISTERS.values())
