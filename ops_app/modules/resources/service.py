"""Every write of the registers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor, Scope
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit.dates import show_date
from ops_app.mechanisms.register.field import refuse_unlisted
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.resources import queries
from ops_app.modules.resources.registers import Register
from ops_app.permissions import Permission

PLACES = ("site_id", "department_id")
"""Fields that must lie below the facility of the row."""


def writing(actor: Actor) -> Scope:
    """Where the actor keeps registers."""
    return actor.scope(Permission.RESOURCES_REGISTER_WRITE)


def add(session: Session, actor: Actor, register: Register, data: BaseModel) -> Any:
    """Add a row."""
    values = data.model_dump()
    _refuse_wrong(session, actor, register, values)
    _refuse_twice(session, register, values, None)
    return _stored(session, actor, register.table(**values), None)


def change(session: Session, actor: Actor, register: Register, row_id: int, data: BaseModel) -> Any:
    """Change a row; in a versioned register a later first day leaves the former values to the days before it."""
    row = queries.row_or_404(session, register, row_id, writing(actor), lock=True)
    values = data.model_dump()
    if not may_change(register, row):
        raise Conflict(_("This row is closed and stays as it was"))
    _refuse_wrong(session, actor, register, values)
    if register.versioned and values["start_date"] > row.start_date:
        if any(values[name] != getattr(row, name) for name in register.unique):
            raise Invalid(_("A new version keeps its code; add another row instead"), field=register.unique[-1])
        before = audit.snapshot(row)
        row.end_date = values["start_date"]
        _stored(session, actor, row, before)
        return _stored(session, actor, register.table(**values), None)
    _refuse_twice(session, register, values, row.id)
    before = audit.snapshot(row)
    for name, value in values.items():
        setattr(row, name, value)
    return _stored(session, actor, row, before)


def close(session: Session, actor: Actor, register: Register, row_id: int, end_date: dt.date) -> Any:
    """Let a row count no more from a day on."""
    row = queries.row_or_404(session, register, row_id, writing(actor), lock=True)
    if row.end_date is not None and (not register.planned or row.end_date <= end_date):
        raise Conflict(_("This row is closed already"))
    if end_date < row.start_date:
        raise Invalid(_("It counts from %(day)s only", day=show_date(row.start_date)), field="end_date")
    before = audit.snapshot(row)
    row.end_date = end_date
    return _stored(session, actor, row, before)


def may_change(register: Register, row: Any) -> bool:
    """Whether a row is still open to corrections."""
    return register.planned or row.end_date is None


def _refuse_wrong(session: Session, actor: Actor, register: Register, values: dict[str, Any]) -> None:
    scope = writing(actor)
    if not scope.allows(values["organization_id"]):
        raise Forbidden(_("You do not keep the registers of this facility"), field="organization_id")
    refuse_unlisted(session, scope, register.fields, values)
    below = descendant_ids(session, [values["organization_id"]])
    for name in PLACES:
        if values.get(name) is not None and values[name] not in below:
            raise Invalid(_("This place belongs to another facility"), field=name)
    if register.rule is not None:
        register.rule(session, values)


def _refuse_twice(session: Session, register: Register, values: dict[str, Any], but: int | None) -> None:
    if not register.unique:
        return
    start, end = values["start_date"], values.get("end_date") or dt.date.max
    for other in queries.alike(session, register, values):
        if other.id != but and other.start_date < end and (other.end_date or dt.date.max) > start:
            raise Invalid(
                _("It is in the register already, from %(day)s", day=show_date(other.start_date)),
                field=register.unique[-1],
            )


def _stored(session: Session, actor: Actor, row: Any, before: dict[str, Any] | None) -> Any:
    session.add(row)
    session.flush()
    entity = f"resources.{row.__tablename__}"
    audit.changed(session, actor, entity=entity, entity_id=row.id, before=before, after=audit.snapshot(row))
    return row
