"""Every write about inbound messages that a person asks for."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.device_messages.hl7_profile import profile_of
from ops_app.mechanisms.device_messages.hl7_structure import faults
from ops_app.modules.ingest.models import InboundMessage


def replay(session: Session, actor: Actor | None, message: InboundMessage, reason: str | None = None) -> None:
    """Have a message read again; what it has made already is not made twice."""
    session.refresh(message, with_for_update=True)
    if message.state == "received":
        raise Conflict(_("This message waits to be read already"))
    before = {"state": message.state}
    message.state, message.attempts, message.error = "received", 0, None
    message.outcome, message.processed_at = None, None
    _changed(session, actor, message, before, reason)


def correct(session: Session, actor: Actor, message: InboundMessage, text: str, reason: str) -> InboundMessage:
    """Put a corrected copy into the archive; the message itself stays as it came."""
    session.refresh(message, with_for_update=True)
    if message.state != "failed":
        raise Conflict(_("Somebody has already dealt with this message"))
    raw = _encoded(message, text)
    if message.channel == "hl7":
        _refuse_faults(raw, message.charset)
    sha256 = hashlib.sha256(raw).digest()
    if sha256 == message.sha256:
        raise Invalid(_("Nothing was changed; to have it read again as it is, choose “Read again”"), field="body")
    same = select(InboundMessage.id).where(
        InboundMessage.channel == message.channel,
        InboundMessage.sender == message.sender,
        InboundMessage.facility == message.facility,
        InboundMessage.control_id == message.control_id,
        InboundMessage.sha256 == sha256,
    )
    if session.scalar(same) is not None:
        raise Conflict(_("The sender has sent this very message already"), field="body")
    copy = InboundMessage(
        channel=message.channel,
        sender=message.sender,
        facility=message.facility,
        control_id=message.control_id,
        message_type=message.message_type,
        peer=message.peer,
        sha256=sha256,
        raw=raw,
        charset=message.charset,
        lane=message.lane,
        organization_id=message.organization_id,
        patient_id=message.patient_id,
        corrects_id=message.id,
        corrected_by=actor.login,
        correction_reason=reason,
    )
    session.add(copy)
    session.flush()
    before = {"state": message.state}
    message.state, message.outcome = "archived", [{"kind": "ingest.message", "id": copy.id}]
    _changed(session, actor, message, before, reason, corrected_copy=copy.id)
    return copy


def readable(message: InboundMessage) -> str:
    """The contents as text, one segment or record a line."""
    text = message.raw.decode(message.charset or "latin-1", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoded(message: InboundMessage, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    try:
        return (lines.replace("\n", "\r") + "\r").encode(message.charset or "latin-1")
    except UnicodeEncodeError as error:
        raise Invalid(
            _(
                "The letter “%(letter)s” does not exist in the character set of this message",
                letter=error.object[error.start],
            ),
            field="body",
        ) from None


def _refuse_faults(raw: bytes, charset: str | None) -> None:
    try:
        message = hl7.read(raw, charset)
    except hl7.NotHl7:
        raise Invalid(_("This is not an HL7 message: no MSH segment"), field="body") from None
    profile = profile_of(message.header.text(3), message.header.text(4))
    for fault in faults(message, profile.optional):
        place = f"{fault.segment}-{fault.field}" if fault.field else fault.segment or ""
        raise Invalid(f"{place}: {_(fault.text)}".removeprefix(": "), field="body")


def _changed(
    session: Session,
    actor: Actor | None,
    message: InboundMessage,
    before: dict[str, str],
    reason: str | None,
    **more: int,
) -> None:
    session.flush()
    audit.changed(
        session,
        actor,
        entity="ingest.message",
        entity_id=message.id,
        patient_id=message.patient_id,
        before=before,
        after={"state": message.state, "reason": reason} | more,
    )
