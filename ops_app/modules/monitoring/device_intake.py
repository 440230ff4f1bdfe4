"""Observations sent by devices: kept as they came, tied to the patient the device was with, judged like any value."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.mechanisms.task import task
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.modules.devices.models import Device
from ops_app.modules.devices.queries import by_sender, mapping_of
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.monitoring import device_queries, intake, queries
from ops_app.modules.monitoring.indicators import Implausible, Indicator, UnknownUnit, by_any_code, normalised
from ops_app.modules.monitoring.intake import Incoming
from ops_app.modules.monitoring.models import Binding, DeviceKey, Enrolment, Value
from ops_app.modules.monitoring.observation import LOINC, Quantity, Sent, Unreadable, identifier_in, read
from ops_app.modules.monitoring.task_kinds import (
    REFUSED,
    UNPLACED,
    UNTRUSTED,
    device_subject,
    refused_subject,
    untrusted_subject,
)
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import record_ids

CHANNEL = "fhir"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the device is told; the archive keeps the same."""

    status: int
    element: str
    text: str


def calling_device(session: Session, header: str | None) -> Device | None:
    """The active device that shows its key."""
    found = _of_key(session, header)
    return found.Device if found is not None and found.DeviceKey.revoked_at is None else None


def tell_ended_key(session: Session, header: str | None) -> None:
    """A key that was ended is still shown: whoever watches learns of it, once a day for a device.

    An unknown key is nobody's, and a retired device should not send: of both nobody is told.
    """
    found = _of_key(session, header)
    if found is None or found.DeviceKey.revoked_at is None:
        return
    binding = device_queries.holder(session, found.Device.id)
    subjects = [device_subject(found.Device.id), *([refused_subject(binding.id)] if binding is not None else [])]
    if not device_queries.told_today(session, (REFUSED.name, UNPLACED.name), subjects):
        tell_refused(session, found.Device, N_("The key it shows has been ended"))


def _of_key(session: Session, header: str | None) -> Row[DeviceKey, Device] | None:
    """The key a request shows, and the active device it was given to; the key may have been ended."""
    scheme, _space, shown = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not shown.strip():
        return None
    digest = key_hash(shown.strip())
    found = session.execute(
        select(DeviceKey, Device)
        .join(Device, Device.id == DeviceKey.device_id)
        .where(DeviceKey.key_hash == digest, Device.is_active)
    ).first()
    return found if found is not None and hmac.compare_digest(found.DeviceKey.key_hash, digest) else None


def key_hash(key: str) -> bytes:
    """What the database keeps of a key."""
    return hashlib.sha256(key.encode()).digest()


def give_key(session: Session, actor: Actor, device: Device) -> str:
    """A new key for a device, shown once; the one before ends."""
    end_key(session, actor, device)
    key = secrets.token_urlsafe(32)
    row = DeviceKey(device_id=device.id, key_hash=key_hash(key), given_by=actor.login, given_at=clock.now())
    session.add(row)
    session.flush()
    audit.changed(
        session, actor, entity="monitoring.device_key", entity_id=row.id, after={"device_id": device.id, "given": True}
    )
    return key


def end_key(session: Session, actor: Actor, device: Device) -> None:
    """End the key of a device."""
    for row in session.scalars(
        select(DeviceKey).where(DeviceKey.device_id == device.id, DeviceKey.revoked_at.is_(None))
    ):
        row.revoked_at = clock.now()
        audit.changed(
            session,
            actor,
            entity="monitoring.device_key",
            entity_id=row.id,
            after={"device_id": device.id, "revoked": True},
        )
    session.flush()


def bind(session: Session, actor: Actor, enrolment: Enrolment, device: Device) -> Binding:
    """Say that a device is with a patient from now on."""
    if device_queries.holder(session, device.id) is not None:
        raise Conflict(_("This device is with a patient already"))
    row = Binding(
        device_id=device.id,
        enrolment_id=enrolment.id,
        patient_id=enrolment.patient_id,
        from_at=clock.now(),
        bound_by=actor.login,
    )
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.binding",
        entity_id=row.id,
        patient_id=enrolment.patient_id,
        after=audit.snapshot(row),
    )
    return row


def take_back(session: Session, actor: Actor, row: Binding) -> None:
    """The device is not with the patient any more; what it measures from now on is not his."""
    if row.until_at is not None:
        return
    before = audit.snapshot(row)
    row.until_at = clock.now()
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.binding",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
    task.settle(session, REFUSED, refused_subject(row.id), evidence=f"monitoring.binding:{row.id}", actor=actor)


def receive(session: Session, device: Device, raw: bytes, peer: str | None) -> Answer:
    """Take one Observation: archived with its records in one transaction, once by device and identifier."""
    try:
        identifier = identifier_in(raw)
    except Unreadable:
        identifier = None
    digest = hashlib.sha256(raw).digest()
    # two copies at the same moment: the second waits here for the first
    message_id = session.scalar(
        insert(InboundMessage)
        .values(
            channel=CHANNEL,
            sender=device.sender,
            control_id=identifier or f"sha256:{digest.hex()}",
            message_type="Observation",
            peer=peer,
            sha256=digest,
            raw=raw,
            charset="utf-8",
            lane=f"{CHANNEL}:{device.sender}",
            state="failed",
            organization_id=device.organization_id,
            processed_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["channel", "sender", "facility", "control_id", "sha256"])
        .returning(InboundMessage.id)
    )
    if message_id is None:
        return _said_before(session, device, identifier, digest)
    message = session.get_one(InboundMessage, message_id)
    if identifier is not None and _is_taken(session, message):
        taken = N_("Another observation came under this identifier")
        tell_refused(session, device, taken)
        return _note(message, Answer(409, "Observation.identifier", taken))
    try:
        with session.begin_nested():
            values = _take(session, device, read(raw))
    except Unreadable as refused:
        tell_refused(session, device, refused.text)
        return _note(message, Answer(422, refused.element, refused.text))
    heard(session, device, f"monitoring.value:{values[0].id}")
    message.state, message.patient_id = "done", values[0].patient_id
    message.outcome = [{"kind": "monitoring.value", "id": value.id} for value in values]
    return _note(message, Answer(201, "", ""))


def tell_refused(session: Session, device: Device, reason: str) -> None:
    """Whoever watches the patient learns that the device is not heard; the person with it cannot see that.

    Where it is with nobody, the facility that owns it learns so.
    """
    binding = device_queries.holder(session, device.id)
    enrolment = session.get_one(Enrolment, binding.enrolment_id) if binding is not None else None
    detail = {"device": device.name, "reason": reason}
    if binding is None or enrolment is None or enrolment.ended_at is not None:
        place, subject = device.organization_id, device_subject(device.id)
        task.open(session, UNPLACED, subject=subject, organization_id=place, detail=detail)
    else:
        _tell_watchers(session, REFUSED, refused_subject(binding.id), enrolment, detail)


def _tell_watchers(
    session: Session, kind: TaskKind, subject: str, enrolment: Enrolment, detail: dict[str, str]
) -> None:
    parts = {row.part: row.practitioner_id for row in queries.participants(session, enrolment.id)}
    task.open(
        session,
        kind,
        subject=subject,
        organization_id=enrolment.site_id or enrolment.organization_id,
        patient_id=enrolment.patient_id,
        owner_practitioner_id=parts.get("observing", parts.get("treating")),
        detail=detail,
    )


def heard(session: Session, device: Device, evidence: str) -> None:
    """Something of the device was taken in: nobody has to look at it any more."""
    task.settle(session, UNPLACED, device_subject(device.id), evidence=evidence)
    if holding := device_queries.holder(session, device.id):
        task.settle(session, REFUSED, refused_subject(holding.id), evidence=evidence)


def take_measured(session: Session, device: Device, enrolment: Enrolment, incoming: Incoming) -> Value:
    """Take one value of a device; that its certificate has ended, and nobody is alerted, is somebody's task."""
    if device.is_certified and not incoming.counts:
        _tell_watchers(
            session, UNTRUSTED, untrusted_subject(device.id, enrolment.id), enrolment, {"device": device.name}
        )
    return intake.take(session, None, enrolment, incoming)


def take_archived(session: Session, message: InboundMessage) -> list[Value]:
    """Take in what was refused when it came."""
    device = by_sender(session, CHANNEL, message.sender)
    if device is None:
        raise Unreadable("Observation.device", N_("No active device of the register calls itself so"))
    if _is_taken(session, message):
        raise Unreadable("Observation.identifier", N_("Another observation came under this identifier"))
    return _take(session, device, read(message.raw))


def _note(message: InboundMessage, answer: Answer) -> Answer:
    message.answer = str(answer.status)
    if answer.text:
        message.error = {
            "segment": answer.element,
            "sequence": None,
            "field": None,
            "component": None,
            "code": None,
            "text": answer.text,
        }
    return answer


def _said_before(session: Session, device: Device, identifier: str | None, digest: bytes) -> Answer:
    """The same content again gets the same answer; what was taken in is known, not created."""
    first = session.scalars(
        select(InboundMessage).where(
            InboundMessage.channel == CHANNEL,
            InboundMessage.sender == device.sender,
            InboundMessage.control_id == (identifier or f"sha256:{digest.hex()}"),
            InboundMessage.sha256 == digest,
        )
    ).one()
    if first.state == "done":
        return Answer(200, "", "")
    error: dict[str, Any] = first.error or {}
    return Answer(int(first.answer or 422), str(error.get("segment") or ""), str(error.get("text") or ""))


def _is_taken(session: Session, message: InboundMessage) -> bool:
    other = select(InboundMessage.id).where(
        InboundMessage.channel == CHANNEL,
        InboundMessage.sender == message.sender,
        InboundMessage.control_id == message.control_id,
        InboundMessage.state == "done",
        InboundMessage.id != message.id,
    )
    return session.scalar(other.limit(1)) is not None


def _take(session: Session, device: Device, sent: Sent) -> list[Value]:
    try:
        intake.refuse_future(sent.measured_at)
    except Invalid:
        raise Unreadable("Observation.effective", N_("The moment of the measurement lies in the future")) from None
    binding = device_queries.binding_at(session, device.id, sent.measured_at)
    if binding is None:
        raise Unreadable("Observation.device", N_("No patient had this device at the moment of the measurement"))
    enrolment = session.get_one(Enrolment, binding.enrolment_id)
    _refuse_another(session, device, sent, enrolment.patient_id)
    certified = device_queries.is_certified(session, device, sent.measured_at)
    incoming = [
        Incoming(
            indicator,
            number,
            quantity.number,
            quantity.unit or "",
            sent.measured_at,
            "device",
            device.sender,
            device_text=quantity.comparator,
            counts=certified,
            source_system=f"device:{device.id}",
            source_key=f"{sent.identifier}#{indicator.code}",
            device_id=device.id,
        )
        for quantity, indicator, number in _known(session, device, sent)
    ]
    return [take_measured(session, device, enrolment, each) for each in incoming]


def _known(session: Session, device: Device, sent: Sent) -> list[tuple[Quantity, Indicator, float]]:
    """Quantities of known indicators in their units; unknown components are left, an unknown whole is refused."""
    found: dict[str, tuple[Quantity, Indicator, float]] = {}
    for quantity in sent.quantities:
        meant = meaning(session, device, quantity)
        if meant is None:
            continue
        indicator, number, unit = meant
        if indicator.code in found:
            raise Unreadable(f"{quantity.element}.code", N_("The same quantity comes twice"))
        try:
            found[indicator.code] = (quantity, indicator, normalised(indicator, number, unit))
        except UnknownUnit:
            raise Unreadable(
                f"{quantity.element}.valueQuantity.code", N_("The unit is unknown for this value")
            ) from None
        except Implausible:
            text = N_("No living body has this value; it is not taken")
            raise Unreadable(f"{quantity.element}.valueQuantity.value", text) from None
    if not found:
        raise Unreadable("Observation.code", N_("The code is none of those that are watched at home"))
    return list(found.values())


def meaning(session: Session, device: Device, quantity: Quantity) -> tuple[Indicator, float, str | None] | None:
    """Which indicator a quantity is, by LOINC or by what the device's own code was mapped to, with number and unit."""
    for system, code in quantity.codes:
        if system == LOINC and code in by_any_code():
            return by_any_code()[code], quantity.number, quantity.unit
        mapping = mapping_of(session, device.id, code, quantity.unit)
        if mapping is not None and mapping.parameter_code in by_any_code():
            return by_any_code()[mapping.parameter_code], quantity.number * mapping.factor, mapping.unit
    return None


def _refuse_another(session: Session, device: Device, sent: Sent, patient_id: int) -> None:
    """What the message itself says of patient and device must not contradict what is known here."""
    if sent.serial_number and sent.serial_number not in (device.serial_number, device.sender):
        raise Unreadable("Observation.device", N_("The message names another device than the key"))
    if sent.subject_identifier:
        iins = {session.get_one(Patient, record).iin for record in record_ids(session, patient_id)} - {None}
        if iins and sent.subject_identifier not in iins:
            raise Unreadable("Observation.subject", N_("The message names another person than the device is with"))
    kind, _slash, number = (sent.subject_reference or "").partition("/")
    if kind == "Patient" and number.isdigit() and int(number) not in record_ids(session, patient_id):
        raise Unreadable("Observation.subject", N_("The message names another person than the device is with"))
