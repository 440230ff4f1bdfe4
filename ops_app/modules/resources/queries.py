"""Every SELECT of the registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.organizations.models import Organization
from ops_app.modules.resources.registers import REGISTERS, Register


def register_or_404(name: str) -> Register:
    """A register by its name."""
    if name not in REGISTERS:
        raise NotFound(_("There is no such register"))
    return REGISTERS[name]


def row_or_404(session: Session, register: Register, row_id: int, scope: Scope, *, lock: bool = False) -> Any:
    """A row of a scope."""
    row = session.get(register.table, row_id, with_for_update=lock or None, populate_existing=lock)
    if row is None or not scope.allows(row.organization_id):
        raise NotFound(_("There is no such row"))
    return row


def counting(session: Session, register: Register, scope: Scope, on: dt.date) -> int:
    """How many rows count on a day."""
    table = register.table
    return (
        session.scalar(
            select(func.count())
            .select_from(table)
            .where(
                scope.condition(table.organization_id),
                table.start_date <= on,
                or_(table.end_date.is_(None), table.end_date > on),
            )
        )
        or 0
    )


def alike(session: Session, register: Register, values: dict[str, Any]) -> Sequence[Any]:
    """Rows that share what must be unique, by their first day; the facility is locked so that two writers agree."""
    session.execute(select(Organization.id).where(Organization.id == values["organization_id"]).with_for_update())
    return _sharing(session, register, values)


def versions(session: Session, register: Register, row: Any) -> Sequence[Any]:
    """All rows of the same code, by their first day."""
    return _sharing(session, register, {name: getattr(row, name) for name in register.unique})


def _sharing(session: Session, register: Register, values: dict[str, Any]) -> Sequence[Any]:
    table = register.table
    return session.scalars(
        select(table)
        .where(*(getattr(table, name) == values[name] for name in register.unique))
        .order_by(table.start_date, table.id)
    ).all()
