"""Delivery of one lane: in order, each message once by its key, nobody else's lane held up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.jobs.task import LONGEST_WAIT, backoff
from ops_app.mechanisms.outbox.adapter import Adapter, Failed, NotReady, Parcel, Receipt, Refused, TryLater, adapter_of
from ops_app.mechanisms.outbox.declaration import System, systems
from ops_app.mechanisms.outbox.models import Attempt, Message, SystemState
from ops_app.mechanisms.outbox.outbox import ask_to_deliver, lane_number

log = logging.getLogger(__name__)

LANES_A_SWEEP = 500

WhyClosed = Callable[[Session, System], str | None]
"""Why nothing may go to a system now, beyond the system itself; None when it may."""
OnDead = Callable[[Session, Message], None]
"""What else happens, in the same transaction, when a message needs a person."""


def deliver(engine: Engine, message_id: int, on_dead: OnDead, why_closed: WhyClosed) -> None:
    """Send what waits in the lane of this message, up to the first that cannot go now."""
    with Session(engine) as session:
        found = session.execute(select(Message.system, Message.lane).where(Message.id == message_id)).one_or_none()
    if found is None or found.system not in systems():
        return
    system = systems()[found.system]
    with _lane_held(engine, found.system, found.lane) as is_ours:
        # held by somebody else means that somebody is sending it right now
        if not is_ours:
            return
        adapter = adapter_of(system)
        try:
            while _deliver_head(engine, system, found.lane, adapter, on_dead, why_closed):
                pass
        finally:
            adapter.close()


def _deliver_head(
    engine: Engine, system: System, lane: str, adapter: Adapter, on_dead: OnDead, why_closed: WhyClosed
) -> bool:
    """Send the first message of the lane; False when the lane must wait or is empty."""
    with Session(engine) as session, session.begin():
        if not is_open(session, system, adapter):
            return False
        if (reason := why_closed(session, system)) is not None:
            set_ready(session, system.name, False, reason)
            return False
        message = _head(session, system.name, lane)
        if message is None or message.state != "queued" or message.next_attempt_at > clock.now():
            return False
        message.attempts += 1
        number, attempts = message.id, message.attempts
        parcel = Parcel(message.message_key, message.kind, message.body, message.sha256, message.created_at)
    # No transaction is open while the other side thinks: it would hold back the extraction.
    started = time.monotonic()
    outcome: Receipt | Failed
    try:
        outcome = adapter.send(parcel)
    except Failed as failure:
        outcome = failure
    except Exception as error:
        # an adapter that breaks on one message must not keep it in flight for ever
        log.exception("the adapter of %s broke", system.name)
        outcome = TryLater("ours", type(error).__name__)
    took = int((time.monotonic() - started) * 1000)
    with Session(engine) as session, session.begin():
        message = session.get_one(Message, number, with_for_update=True)
        if isinstance(outcome, Receipt):
            _arrived(session, message, outcome, took)
            return True
        _failed(session, system, message, attempts, outcome, took, on_dead)
        return False


def _head(session: Session, system: str, lane: str) -> Message | None:
    # a dead letter stays at the head: what follows it in its lane must not overtake it
    return session.scalar(
        select(Message)
        .where(Message.system == system, Message.lane == lane, Message.state.in_(("queued", "dead")))
        .order_by(Message.id)
        .limit(1)
    )


def _arrived(session: Session, message: Message, receipt: Receipt, took: int) -> None:
    result = "known" if receipt.was_known else "delivered"
    session.add(Attempt(message_id=message.id, milliseconds=took, result=result))
    message.state = "delivered"
    message.delivered_at = clock.now()
    message.reference = receipt.reference


def _failed(
    session: Session, system: System, message: Message, attempts: int, failure: Failed, took: int, on_dead: OnDead
) -> None:
    session.add(
        Attempt(
            message_id=message.id,
            milliseconds=took,
            result=failure.result,
            side=failure.side,
            status=failure.status,
            detail=failure.detail or None,
        )
    )
    if isinstance(failure, NotReady):
        # not this message's fault: its attempts are for what it may be guilty of
        message.attempts = attempts - 1
        set_ready(session, system.name, False, failure.status)
        return
    if isinstance(failure, Refused) or attempts >= system.attempts:
        message.state = "dead"
        session.flush()
        on_dead(session, message)
        return
    message.next_attempt_at = clock.now() + backoff(system.first_wait, attempts, LONGEST_WAIT)
    ask_to_deliver(session, message.id, message.system, message.lane, at=message.next_attempt_at)


def is_open(session: Session, system: System, adapter: Adapter) -> bool:
    """Whether messages go to this system now."""
    state = session.get(SystemState, system.name)
    return state is not None and state.is_on and state.is_ready and adapter.configured()


def set_ready(session: Session, system: str, is_ready: bool, reason: str | None = None) -> None:
    """Remember whether a system takes messages."""
    state = session.get(SystemState, system, with_for_update=True) or SystemState(name=system)
    session.add(state)
    if state.is_ready != is_ready or state.reason != reason:
        state.is_ready, state.reason, state.changed_at = is_ready, reason, clock.now()


def sweep(engine: Engine, why_closed: WhyClosed) -> None:
    """Every minute: ask unready systems whether they are ready, and wake lanes that have something due."""
    for system in systems().values():
        with Session(engine) as session, session.begin():
            state = session.get(SystemState, system.name)
            is_on, was_ready = (state.is_on, state.is_ready) if state else (False, False)
            reason = why_closed(session, system) if is_on else None
            if reason is not None:
                set_ready(session, system.name, False, reason)
        if not is_on or reason is not None:
            continue
        adapter = adapter_of(system)
        try:
            answers = adapter.configured() and (was_ready or adapter.ready())
        finally:
            adapter.close()
        if not answers:
            continue
        with Session(engine) as session, session.begin():
            if not was_ready:
                set_ready(session, system.name, True)
            for message in due_heads(session, system.name):
                ask_to_deliver(session, message.id, message.system, message.lane, once=True)


def due_heads(session: Session, system: str) -> list[Message]:
    """The first message of each lane, where it may go now."""
    heads = (
        select(func.min(Message.id))
        .where(Message.system == system, Message.state.in_(("queued", "dead")))
        .group_by(Message.lane)
    )
    due = select(Message).where(
        Message.id.in_(heads), Message.state == "queued", Message.next_attempt_at <= clock.now()
    )
    return list(session.scalars(due.order_by(Message.id).limit(LANES_A_SWEEP)))


@contextmanager
def _lane_held(engine: Engine, system: str, lane: str) -> Iterator[bool]:
    number = lane_number(system, lane)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.scalar(select(func.pg_try_advisory_lock(number))))
        try:
            yield held
        finally:
            if held:
                connection.execute(select(func.pg_advisory_unlock(number)))
