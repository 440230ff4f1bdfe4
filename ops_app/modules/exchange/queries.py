"""Every SELECT of the exchange."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased, defer

from ops_app.actor import Scope
from ops_app.kit.day_range import within_days
from ops_app.mechanisms.outbox.models import (
    Attempt,
    Correction,
    Difference,
    Message,
    Reconciliation,
    SystemState,
)
from ops_app.modules.exchange.forms import JournalFilter
from ops_app.modules.organizations.models import Organization


def of_scope(scope: Scope) -> ColumnElement[bool]:
    """Messages of the scope; one of no organisation belongs to the whole installation."""
    return scope.condition(Message.organization_id)


def messages(scope: Scope, asked: JournalFilter) -> Select[Message, Organization, str | None, str | None]:
    """Messages that fit the filter, without their contents, with the organisation and the last status."""
    last = aliased(Attempt)
    newest = select(func.max(Attempt.id)).where(Attempt.message_id == Message.id).scalar_subquery()
    statement = (
        select(Message, Organization, last.status, last.side)
        .options(defer(Message.body))
        .outerjoin(Organization, Organization.id == Message.organization_id)
        .outerjoin(last, last.id == newest)
        .where(of_scope(scope))
    )
    if asked.system:
        statement = statement.where(Message.system == asked.system)
    if asked.state:
        statement = statement.where(Message.state == asked.state)
    return statement.where(*within_days(Message.created_at, asked.date_from, asked.date_to))


def message(session: Session, scope: Scope, message_id: int) -> Message | None:
    """One message, if it is of the scope."""
    return session.scalar(select(Message).where(Message.id == message_id, of_scope(scope)))


def attempts(session: Session, message_id: int) -> Sequence[Attempt]:
    """Every exchange about a message, newest first."""
    return session.scalars(select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id.desc())).all()


def corrections(session: Session, message_id: int) -> Sequence[Correction]:
    """What people did to a message, newest first."""
    return session.scalars(
        select(Correction).where(Correction.message_id == message_id).order_by(Correction.id.desc())
    ).all()


def waits_behind(session: Session, found: Message) -> int:
    """How many messages of the lane wait for this one."""
    return (
        session.scalar(
            select(func.count()).where(
                Message.system == found.system,
                Message.lane == found.lane,
                Message.id > found.id,
                Message.state.in_(("queued", "dead")),
            )
        )
        or 0
    )


def count_dead(session: Session, scope: Scope) -> int:
    """How many messages need a person."""
    return session.scalar(select(func.count(Message.id)).where(Message.state == "dead", of_scope(scope))) or 0


def states(session: Session) -> dict[str, SystemState]:
    """What is known of each system."""
    return {state.name: state for state in session.scalars(select(SystemState))}


def counts(session: Session, scope: Scope) -> dict[tuple[str, str], int]:
    """Number of messages by system and state."""
    rows = session.execute(
        select(Message.system, Message.state, func.count().label("number"))
        .where(of_scope(scope))
        .group_by(Message.system, Message.state)
    )
    return {(row.system, row.state): row.number for row in rows}


def last_deliveries(session: Session) -> dict[str, dt.datetime]:
    """When each system last took a message."""
    rows = session.execute(
        select(Message.system, func.max(Message.delivered_at).label("at"))
        .where(Message.delivered_at.is_not(None))
        .group_by(Message.system)
    )
    return {row.system: row.at for row in rows}


def reconciliations() -> Select[Any]:
    """Comparisons with the number of their differences."""
    number = select(func.count()).where(Difference.reconciliation_id == Reconciliation.id).scalar_subquery()
    return select(Reconciliation, number.label("differences"))


def differences(session: Session, reconciliation_id: int) -> Sequence[Difference]:
    """What one comparison found."""
    return session.scalars(
        select(Difference).where(Difference.reconciliation_id == reconciliation_id).order_by(Difference.id).limit(1000)
    ).all()
