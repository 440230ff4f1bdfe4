"""Every write of the exchange module."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, NotFound, NotSignedIn
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.outbox import inbox, outbox
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.models import Message, SystemState
from ops_app.modules.exchange.forms import CorrectionForm, ReceiptIn
from ops_app.modules.exchange.notices import DEAD_LETTER
from ops_app.modules.notifications.service import tell_holders
from ops_app.modules.protection.standing import refuse_unprotected
from ops_app.permissions import Permission


def send_again(session: Session, actor: Actor, message: Message, reason: str) -> None:
    """Put a dead or delivered message back into its lane."""
    before = _refuse_state(session, message, "dead", "delivered")
    outbox.send_again(session, message, actor.login, reason)
    _changed(session, actor, message, before, reason)


def correct(session: Session, actor: Actor, message: Message, form: CorrectionForm) -> None:
    """Replace the content of a dead message and put it back into its lane."""
    before = _refuse_state(session, message, "dead") | {"sha256": message.sha256}
    outbox.correct(session, message, actor.login, form.reason, form.parsed)
    _changed(session, actor, message, before, form.reason, sha256=message.sha256)


def withdraw(session: Session, actor: Actor, message: Message, reason: str) -> None:
    """Give a message up."""
    before = _refuse_state(session, message, "dead", "queued")
    outbox.withdraw(session, message, actor.login, reason)
    _changed(session, actor, message, before, reason)


def give_up_messages(session: Session, actor: Actor, records: Sequence[int], reason: str) -> None:
    """Withdraw what waits to be sent about a person."""
    waiting = select(Message).where(Message.patient_id.in_(records), Message.state.in_(("queued", "dead")))
    for message in session.scalars(waiting.order_by(Message.id)):
        withdraw(session, actor, message, reason)


def switch(session: Session, actor: Actor, system: str, is_on: bool) -> bool:
    """Switch the traffic with a system on or off; what is written meanwhile waits. Whether it was otherwise before."""
    if system not in systems():
        raise NotFound()
    if not actor.scope(Permission.EXCHANGE_SYSTEM_MANAGE).everywhere:
        raise Forbidden(_("Systems belong to the whole installation"))
    if is_on:
        refuse_unprotected(session)
    state = session.get(SystemState, system, with_for_update=True) or SystemState(name=system, is_on=False)
    session.add(state)
    before = {"is_on": state.is_on}
    # the next sweep asks the system itself whether it is ready
    state.is_on, state.is_ready, state.reason, state.changed_at = is_on, False, None, clock.now()
    audit.changed(session, actor, entity="exchange.system", entity_id=system, before=before, after={"is_on": is_on})
    return before["is_on"] is not is_on


def check_credentials(system: str, header: str | None) -> None:
    """Refuse a program that does not show the token of its system."""
    known = systems().get(system)
    token = known.setting("INBOUND_TOKEN") if known else None
    shown = (header or "").removeprefix("Bearer ").strip()
    if token is None or not shown or not hmac.compare_digest(shown.encode(), token.encode()):
        raise NotSignedIn()


def take_receipt(session: Session, system: str, receipt: ReceiptIn) -> bool:
    """Note what a system says about a message of ours; False if it had said so before."""

    def note(session: Session, system: str, body: object) -> None:
        message = inbox.note_outcome(session, system, receipt.message_key, receipt.outcome)
        if message is None:
            raise NotFound(_("There is no such message"))
        if message.state == "dead":
            tell_of_dead(session, message)

    try:
        return inbox.take_in(session, system, receipt.key, receipt.kind, receipt.model_dump(), note)
    except outbox.KeyTaken:
        raise Conflict(_("Other content has come under this key")) from None


def tell_of_dead(session: Session, message: Message) -> None:
    """Leave a trace that a message needs a person, and tell those who may decide."""
    audit.changed(
        session,
        None,
        entity="exchange.message",
        entity_id=message.id,
        patient_id=message.patient_id,
        after={"state": "dead"},
    )
    tell_holders(
        session,
        DEAD_LETTER,
        Permission.EXCHANGE_MESSAGE_RESEND,
        message.organization_id,
        f"/exchange/messages/{message.id}",
    )


def _refuse_state(session: Session, message: Message, *allowed: str) -> dict[str, str]:
    session.refresh(message, with_for_update=True)
    if message.state not in allowed:
        raise Conflict(_("Somebody has already dealt with this message, or it has arrived meanwhile"))
    return {"state": message.state}


def _changed(
    session: Session, actor: Actor, message: Message, before: dict[str, str], reason: str, **more: str
) -> None:
    audit.changed(
        session,
        actor,
        entity="exchange.message",
        entity_id=message.id,
        patient_id=message.patient_id,
        before=before,
        after={"state": message.state, "reason": reason} | more,
    )
