"""Messages of other systems: each taken in once by its key, together with what it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.outbox.adapter import sha256_of
from ops_app.mechanisms.outbox.models import Message, Received
from ops_app.mechanisms.outbox.outbox import KeyTaken

Handle = Callable[[Session, str, Mapping[str, Any]], None]
"""What a message changes: the session, the system, the body. What it raises undoes the taking in."""


def take_in(session: Session, system: str, key: str, kind: str, body: Mapping[str, Any], handle: Handle) -> bool:
    """Take a message in and do what it asks, in this transaction; False if it had come before."""
    sha256 = sha256_of(body)
    number = session.scalar(
        insert(Received)
        .values(system=system, message_key=key, kind=kind, body=dict(body), sha256=sha256)
        # a second copy that comes at the same moment waits here for the first one's commit
        .on_conflict_do_nothing(index_elements=[Received.system, Received.message_key])
        .returning(Received.id)
    )
    if number is not None:
        handle(session, system, body)
        return True
    before = session.scalar(select(Received.sha256).where(Received.system == system, Received.message_key == key))
    if before != sha256:
        raise KeyTaken(f"{system} has sent other content under this key")
    return False


def note_outcome(session: Session, system: str, key: str, outcome: str) -> Message | None:
    """Note what the receiver said about a message of ours after reading it; a refused one needs a person."""
    message = session.scalar(
        select(Message).where(Message.system == system, Message.message_key == key).with_for_update()
    )
    if message is None:
        return None
    message.outcome, message.outcome_at = outcome, clock.now()
    if outcome == "refused" and message.state != "withdrawn":
        message.state = "dead"
    session.flush()
    return message
