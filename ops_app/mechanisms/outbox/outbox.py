"""Writing messages, and what a person may do to one that did not arrive."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.outbox.adapter import sha256_of
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.models import Correction, Message

DELIVER = "exchange:deliver"


class KeyTaken(Exception):
    """The key already names another content for this system."""


def put(
    session: Session,
    system: str,
    kind: str,
    key: str,
    body: Mapping[str, Any],
    *,
    patient_id: int | None = None,
    organization_id: int | None = None,
    lane: str | None = None,
) -> int:
    """Write a message to a system in this transaction; return its number.

    ``key`` names the fact and its version, so that the same fact is never sent twice; putting it again with the
    same content changes nothing. Messages of one patient, or of one ``lane``, arrive in the order they were
    written; without either a message waits for no other.
    """
    if system not in systems():
        raise LookupError(f"no system {system} in content/registries")
    ordered_by = lane or (f"patient:{patient_id}" if patient_id is not None else f"key:{key}")
    # Numbers are given before the commit: writers of one lane wait for each other, or they could overtake.
    session.execute(select(func.pg_advisory_xact_lock(lane_number(system, ordered_by))))
    sha256 = sha256_of(body)
    number = session.scalar(
        insert(Message)
        .values(
            system=system,
            kind=kind,
            message_key=key,
            lane=ordered_by,
            patient_id=patient_id,
            organization_id=organization_id,
            body=dict(body),
            sha256=sha256,
        )
        .on_conflict_do_nothing(index_elements=[Message.system, Message.message_key])
        .returning(Message.id)
    )
    if number is None:
        before = session.execute(
            select(Message.id, Message.sha256).where(Message.system == system, Message.message_key == key)
        ).one()
        if before.sha256 != sha256:
            raise KeyTaken(f"another message to {system} has this key already")
        return int(before.id)
    ask_to_deliver(session, number, system, ordered_by)
    return number


def ask_to_deliver(
    session: Session, message_id: int, system: str, lane: str, *, once: bool = False, **when: Any
) -> None:
    """Queue the delivery of a message's lane."""
    name = f"exchange:{lane_number(system, lane):x}"
    queue.enqueue(session, DELIVER, lock=name, once=name if once else None, message_id=message_id, **when)


def lane_number(system: str, lane: str) -> int:
    """A lane as the number of a database lock."""
    digest = hashlib.sha256(f"exchange\0{system}\0{lane}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def send_again(session: Session, message: Message, by: str, reason: str) -> None:
    """Put a message back into its lane as it is."""
    _note(session, message, by, "resent", reason)
    _requeue(session, message)


def correct(session: Session, message: Message, by: str, reason: str, body: Mapping[str, Any]) -> None:
    """Replace the content and put the message back into its lane; the former content is kept."""
    _note(session, message, by, "corrected", reason, message.body)
    message.body = dict(body)
    message.sha256 = sha256_of(body)
    _requeue(session, message)


def withdraw(session: Session, message: Message, by: str, reason: str) -> None:
    """Give a message up, so that its lane goes on without it."""
    _note(session, message, by, "withdrawn", reason)
    message.state = "withdrawn"
    session.flush()
    ask_to_deliver(session, message.id, message.system, message.lane)


def _note(
    session: Session, message: Message, by: str, action: str, reason: str, before: dict[str, Any] | None = None
) -> None:
    session.add(Correction(message_id=message.id, by=by, action=action, reason=reason, body_before=before))


def _requeue(session: Session, message: Message) -> None:
    message.state = "queued"
    message.attempts = 0
    message.next_attempt_at = clock.now()
    message.outcome = None
    message.outcome_at = None
    session.flush()
    ask_to_deliver(session, message.id, message.system, message.lane)
