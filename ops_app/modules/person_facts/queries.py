"""Every SELECT about facts of a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.register.field import RegisterField, choices_of, in_words
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import children
from ops_app.modules.person_facts import choices
from ops_app.modules.person_facts.models import Insurance, Relative
from ops_app.modules.person_facts.registers import REGISTERS, PersonRegister
from ops_app.modules.personal_data.titles import WAYS
from ops_app.modules.resources.models import EducationalInstitution, Enterprise
from ops_app.ui.render import local_name

_PLACES: dict[str, type[Any]] = {"enterprise_id": Enterprise, "institution_id": EducationalInstitution}


def register_or_404(name: str) -> PersonRegister:
    """Facts of one kind by their name."""
    if name not in REGISTERS:
        raise NotFound(_("There is no such register"))
    return REGISTERS[name]


def row_or_404(
    session: Session, register: PersonRegister, records: Sequence[int], row_id: int, *, lock: bool = False
) -> Any:
    """A fact of this person."""
    row = session.get(register.table, row_id, with_for_update=lock or None, populate_existing=lock)
    if row is None or row.patient_id not in records:
        raise NotFound(_("There is no such row"))
    return row


def counts_on(table: Any, on: dt.date) -> ColumnElement[bool]:
    """The condition that a fact counts on a day."""
    return and_(
        table.entered_in_error_at.is_(None),
        or_(table.start_date.is_(None), table.start_date <= on),
        or_(table.end_date.is_(None), table.end_date > on),
    )


def facts(session: Session, register: PersonRegister, records: Sequence[int]) -> Sequence[Any]:
    """Facts of one kind about a person, newest first."""
    table = register.table
    return session.scalars(
        select(table)
        .where(table.patient_id.in_(records), table.entered_in_error_at.is_(None))
        .order_by(table.start_date.desc().nulls_last(), table.id.desc())
    ).all()


def rivals(session: Session, register: PersonRegister, row: Any) -> Sequence[Any]:
    """Other rows of which only one counts at a time, the earliest first, locked."""
    table = register.table
    alike = [getattr(table, name) == getattr(row, name) for name in register.single or ()]
    session.execute(select(Patient.id).where(Patient.id == row.patient_id).with_for_update())
    return session.scalars(
        select(table)
        .where(table.patient_id == row.patient_id, table.entered_in_error_at.is_(None), *alike)
        .order_by(table.start_date, table.id)
    ).all()


def insurance_on(session: Session, records: Sequence[int], on: dt.date) -> Insurance | None:
    """Whether the person is insured on a day, if anybody noted it."""
    return session.scalar(
        select(Insurance)
        .where(Insurance.patient_id.in_(records), counts_on(Insurance, on))
        .order_by(Insurance.start_date.desc(), Insurance.id.desc())
        .limit(1)
    )


@dataclass(frozen=True)
class Line:
    """A fact as people read it."""

    row: Any
    values: tuple[tuple[RegisterField, str], ...]
    counts: bool
    source: str
    relative: Patient | None = None


@dataclass(frozen=True)
class Section:
    """Facts of one kind on the page of a person."""

    register: PersonRegister
    current: tuple[Line, ...]
    former: tuple[Line, ...]


def sections(session: Session, records: Sequence[int]) -> list[Section]:
    """All facts of a person, kind by kind."""
    today = clock.today()
    found = []
    for register in REGISTERS.values():
        rows = facts(session, register, records)
        lines = _lines(session, register, rows, today)
        found.append(
            Section(
                register,
                tuple(line for line in lines if line.counts),
                tuple(line for line in lines if not line.counts),
            )
        )
    return found


def _lines(session: Session, register: PersonRegister, rows: Sequence[Any], on: dt.date) -> list[Line]:
    if not rows:
        return []
    words = {name: list(pairs) for name, pairs in fixed_choices(session, register, rows).items()}
    people = relatives_of(session, rows) if register.table is Relative else {}
    listed = [each for each in register.fields if each.listed]
    return [
        Line(
            row,
            tuple((each, in_words(each, getattr(row, each.name), words)) for each in listed),
            (row.start_date is None or row.start_date <= on) and (row.end_date is None or row.end_date > on),
            _(WAYS[row.way]),
            people.get(getattr(row, "relative_id", None) or 0),
        )
        for row in rows
    ]


def fixed_choices(
    session: Session, register: PersonRegister, rows: Sequence[Any]
) -> dict[str, Sequence[tuple[str, str]]]:
    """Titles of the values that these rows hold, closed registers among them."""
    found: dict[str, Sequence[tuple[str, str]]] = {}
    plain = [each for each in register.fields if not each.options]
    found |= choices_of(session, Scope(everywhere=True), plain)
    for each in register.fields:
        held: set[Any] = {getattr(row, each.name, None) for row in rows} - {None}
        if each.options and held:
            table = _PLACES[each.name]
            places: Iterable[Any] = session.scalars(select(table).where(table.id.in_(held)))
            found[each.name] = [(str(place.id), local_name(place)) for place in places]
        elif each.kind == "code" and held:
            names = titles(session, [(each.system, code) for code in held])
            found[each.name] = [(code, names.get((each.system, code), code)) for code in held]
    return found


def relatives_of(session: Session, rows: Sequence[Any]) -> dict[int, Patient]:
    """The registered people that rows of the family name."""
    ids = [row.relative_id for row in rows if row.relative_id]
    return {row.id: row for row in session.scalars(select(Patient).where(Patient.id.in_(ids)))} if ids else {}


@dataclass(frozen=True)
class Kin:
    """A registered person of the family whom another record names."""

    patient: Patient
    relation: str


def named_elsewhere(session: Session, person: Patient, records: Sequence[int]) -> list[Kin]:
    """The family as other records know it: the mother of a birth, her children, those who named this person."""
    found: dict[int, Kin] = {}
    if person.mother_id is not None:
        mother = session.get(Patient, person.mother_id)
        if mother is not None:
            found[mother.id] = Kin(mother, "mother")
    found |= {child.id: Kin(child, "child") for child in children(session, records)}
    parent = {"male": "father", "female": "mother"}.get
    rows = session.execute(
        select(Relative, Patient)
        .join(Patient, Patient.id == Relative.patient_id)
        .where(Relative.relative_id.in_(records), counts_on(Relative, clock.today()), Patient.is_live)
        .order_by(Relative.id)
    )
    for row in rows:
        relation = row.Relative.relation
        inverse = (parent(row.Patient.sex) or "other") if relation == "child" else choices.INVERSE[relation]
        found.setdefault(row.Patient.id, Kin(row.Patient, inverse))
    return list(found.values())
