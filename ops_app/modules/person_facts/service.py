"""Every write of facts of a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.mechanisms.register.field import refuse_unlisted
from ops_app.modules.classifiers.queries import concept
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.queries import live_by_identifier, patient_or_404, record_ids
from ops_app.modules.person_facts import queries
from ops_app.modules.person_facts.forms import FactForm
from ops_app.modules.person_facts.registers import PersonRegister
from ops_app.permissions import Permission


def add(session: Session, actor: Actor, patient_id: int, register: PersonRegister, data: FactForm) -> Any:
    """Add a fact; where one counts at a time, the one before it ends the day this one begins."""
    values = _checked(session, actor, patient_id, register, data)
    row = register.table(
        patient_id=patient_id,
        organization_id=place_of(session, actor).organization.id,
        recorded_by=actor.login,
        **values,
    )
    if register.single is not None:
        _end_the_one_before(session, actor, register, row)
    return _stored(session, actor, row, None)


def change(
    session: Session, actor: Actor, patient_id: int, register: PersonRegister, row_id: int, data: FactForm
) -> Any:
    """Correct a fact."""
    row = _own(session, patient_id, register, row_id)
    before = audit.snapshot(row)
    for name, value in _checked(session, actor, patient_id, register, data).items():
        setattr(row, name, value)
    if register.single is not None:
        with session.no_autoflush:
            _refuse_overlap(session, register, row)
    return _stored(session, actor, row, before)


def close(
    session: Session, actor: Actor, patient_id: int, register: PersonRegister, row_id: int, end_date: dt.date
) -> Any:
    """Let a fact count no more from a day on."""
    row = _own(session, patient_id, register, row_id)
    if row.start_date is not None and end_date < row.start_date:
        raise Invalid(_("It counts from %(day)s only", day=show_date(row.start_date)), field="end_date")
    before = audit.snapshot(row)
    row.end_date = end_date
    return _stored(session, actor, row, before)


def mark_in_error(
    session: Session, actor: Actor, patient_id: int, register: PersonRegister, row_id: int, reason: str
) -> Any:
    """Take back a fact that was never true."""
    row = _own(session, patient_id, register, row_id)
    before = audit.snapshot(row)
    row.entered_in_error_at, row.entered_in_error_by, row.entered_in_error_reason = clock.now(), actor.login, reason
    return _stored(session, actor, row, before)


def _own(session: Session, patient_id: int, register: PersonRegister, row_id: int) -> Any:
    row = queries.row_or_404(session, register, record_ids(session, patient_id), row_id, lock=True)
    if row.entered_in_error_at is not None:
        raise Conflict(_("The record is already marked as an error"))
    return row


def _checked(
    session: Session, actor: Actor, patient_id: int, register: PersonRegister, data: FactForm
) -> dict[str, Any]:
    values = data.model_dump()
    start, end = values["start_date"], values["end_date"]
    if start is not None and start > clock.today():
        raise Invalid(_("The date lies in the future"), field="start_date")
    if start is not None and end is not None and end < start:
        raise Invalid(_("The end lies before the beginning"), field="end_date")
    if register.either and not any(values[name] for name in register.either):
        raise Invalid(_("Choose from the register or write the name"), field=register.either[0])
    refuse_unlisted(session, actor.scope(Permission.PATIENTS_IDENTITY_WRITE), register.fields, values)
    for each in register.fields:
        value = values.get(each.name)
        if each.kind == "code" and value is not None and concept(session, each.system, str(value)) is None:
            raise Invalid(_("Choose one of the listed values"), field=each.name)
    if "relative" in values:
        values["relative_id"] = _relative(session, patient_id, values.pop("relative"))
    return values


def _relative(session: Session, patient_id: int, identifier: str | None) -> int | None:
    if not identifier:
        return None
    found = live_by_identifier(session, identifier)
    if found is None:
        raise Invalid(_("No live record has this identifier"), field="relative")
    if found.id in record_ids(session, patient_id):
        raise Invalid(_("This is the person himself"), field="relative")
    return patient_or_404(session, found.id).id


def _end_the_one_before(session: Session, actor: Actor, register: PersonRegister, row: Any) -> None:
    for other in queries.rivals(session, register, row):
        if other.end_date is None and row.start_date is not None and (other.start_date or dt.date.min) < row.start_date:
            before = audit.snapshot(other)
            other.end_date = row.start_date
            _stored(session, actor, other, before)
    _refuse_overlap(session, register, row)


def _refuse_overlap(session: Session, register: PersonRegister, row: Any) -> None:
    begins, ends = row.start_date or dt.date.min, row.end_date or dt.date.max
    for other in queries.rivals(session, register, row):
        if other is row:
            continue
        if (other.start_date or dt.date.min) < ends and begins < (other.end_date or dt.date.max):
            raise Invalid(
                _("Another entry of this kind counts from %(day)s; end it first", day=show_date(other.start_date)),
                field="start_date",
            )


def _stored(session: Session, actor: Actor, row: Any, before: dict[str, Any] | None) -> Any:
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity=f"person_facts.{row.__tablename__}",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
    return row
