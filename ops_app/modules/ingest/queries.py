"""Every SELECT about inbound messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, defer

from ops_app.actor import Scope
from ops_app.modules.ingest.models import InboundMessage


def of_scope(scope: Scope) -> ColumnElement[bool]:
    """Messages of the scope; one whose organisation is not known belongs to the whole installation."""
    return scope.condition(InboundMessage.organization_id)


def messages(
    *, channel: str | None = None, sender: str | None = None, state: str | None = None
) -> Select[InboundMessage]:
    """Messages that fit, without their contents."""
    statement = select(InboundMessage).options(defer(InboundMessage.raw))
    if channel:
        statement = statement.where(InboundMessage.channel == channel)
    if sender:
        statement = statement.where(InboundMessage.sender == sender)
    if state:
        statement = statement.where(InboundMessage.state == state)
    return statement


def message(session: Session, scope: Scope, message_id: int) -> InboundMessage | None:
    """One message, if it is of the scope."""
    return session.scalar(select(InboundMessage).where(InboundMessage.id == message_id, of_scope(scope)))


def corrections(session: Session, message_id: int) -> Sequence[InboundMessage]:
    """Corrected copies of a message, newest first."""
    return session.scalars(
        messages().where(InboundMessage.corrects_id == message_id).order_by(InboundMessage.id.desc())
    ).all()


def count_failed(session: Session, scope: Scope) -> int:
    """How many messages need a person."""
    return (
        session.scalar(select(func.count(InboundMessage.id)).where(InboundMessage.state == "failed", of_scope(scope)))
        or 0
    )


def senders(session: Session, scope: Scope) -> list[str]:
    """Whoever has sent something."""
    asked = select(InboundMessage.sender).where(of_scope(scope)).distinct().order_by(InboundMessage.sender)
    return [sender for sender in session.scalars(asked) if sender]


def counts(session: Session) -> list[dict[str, Any]]:
    """Messages by channel and state, and when the last one came."""
    rows = session.execute(
        select(
            InboundMessage.channel,
            *(
                func.count().filter(InboundMessage.state == state).label(state)
                for state in ("received", "done", "failed", "archived")
            ),
            func.max(InboundMessage.received_at).label("last_received_at"),
            func.min(InboundMessage.received_at).filter(InboundMessage.state == "received").label("oldest_waiting_at"),
        )
        .group_by(InboundMessage.channel)
        .order_by(InboundMessage.channel)
    )
    return [dict(row) for row in rows.mappings()]
