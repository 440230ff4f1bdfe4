"""Every SELECT about devices of patients watched at home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Row, Select, exists, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task.models import Task
from ops_app.modules.devices.models import Device
from ops_app.modules.devices.queries import device as device_of_scope
from ops_app.modules.devices.queries import registration_in_force
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.monitoring.models import Binding, DeviceKey, Enrolment, Value

KINDS = ("wearable", "monitor")
PROTOCOLS = ("fhir", "hl7")
"""What devices that may be with a patient speak; those of HL7 send through a gateway and show no key."""
CLOCKS_DIFFER = dt.timedelta(minutes=10)


def holder(session: Session, device_id: int) -> Binding | None:
    """With whom a device is now."""
    return session.scalar(select(Binding).where(Binding.device_id == device_id, Binding.until_at.is_(None)))


def binding_at(session: Session, device_id: int, at: dt.datetime) -> Binding | None:
    """With whom a device was at a moment; its clock may be a little slow."""
    return session.scalar(
        select(Binding)
        .where(
            Binding.device_id == device_id,
            Binding.from_at <= at + CLOCKS_DIFFER,
            or_(Binding.until_at.is_(None), Binding.until_at > at),
        )
        .order_by(Binding.from_at.desc())
        .limit(1)
    )


def enrolment_at(session: Session, device: Device, records: Sequence[int], at: dt.datetime) -> Enrolment | None:
    """Where a value of a person is watched: with whom the device was, else by the organisation it belongs to."""
    binding = binding_at(session, device.id, at)
    if binding is not None:
        return session.get_one(Enrolment, binding.enrolment_id)
    return session.scalar(
        select(Enrolment)
        .where(
            Enrolment.patient_id.in_(records),
            Enrolment.organization_id == device.organization_id,
            Enrolment.started_at <= at + CLOCKS_DIFFER,
            Enrolment.ended_at.is_(None),
        )
        .order_by(Enrolment.id.desc())
        .limit(1)
    )


def value_of(session: Session, enrolment_id: int, device_id: int, code: str, at: dt.datetime) -> Value | None:
    """What a device said of a quantity at a moment: a repeated message says it again."""
    return session.scalar(
        select(Value)
        .where(
            Value.enrolment_id == enrolment_id,
            Value.code == code,
            Value.measured_at == at,
            Value.device_id == device_id,
        )
        .order_by(Value.id.desc())
        .limit(1)
    )


def bindings(session: Session, enrolment_id: int) -> Sequence[Row[Binding, Device]]:
    """Devices of an enrolment, those with the patient now first."""
    return session.execute(
        select(Binding, Device)
        .join(Device, Device.id == Binding.device_id)
        .where(Binding.enrolment_id == enrolment_id)
        .order_by(Binding.until_at.desc().nulls_first(), Binding.id.desc())
    ).all()


def refusals(session: Session, enrolment_id: int) -> Sequence[Row[Device, InboundMessage]]:
    """Devices with a patient now whose newest measurement was refused, each with that message."""
    newest = (
        select(InboundMessage.id)
        .where(
            InboundMessage.channel == Device.protocol,
            InboundMessage.sender == Device.sender,
            InboundMessage.received_at >= Binding.from_at,
        )
        .order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
        .limit(1)
        .correlate(Device, Binding)
        .scalar_subquery()
    )
    return session.execute(
        select(Device, InboundMessage)
        .join(Binding, Binding.device_id == Device.id)
        .join(InboundMessage, InboundMessage.id == newest)
        .where(Binding.enrolment_id == enrolment_id, Binding.until_at.is_(None), InboundMessage.state == "failed")
        .order_by(Device.name, Device.id)
    ).all()


def without_key(session: Session, enrolment_id: int) -> Sequence[Device]:
    """Devices with a patient now that would have to show a key and have none that holds."""
    held = exists().where(DeviceKey.device_id == Device.id, DeviceKey.revoked_at.is_(None))
    return session.scalars(
        select(Device)
        .join(Binding, Binding.device_id == Device.id)
        .where(Binding.enrolment_id == enrolment_id, Binding.until_at.is_(None), Device.protocol == "fhir", ~held)
        .order_by(Device.name, Device.id)
    ).all()


def told_today(session: Session, kinds: Sequence[str], subjects: Sequence[str]) -> bool:
    """Whether a task of these was opened within a day, or is open still."""
    lately = or_(Task.state == "open", Task.opened_at > clock.now() - dt.timedelta(days=1))
    chosen = select(Task.id).where(Task.kind.in_(kinds), Task.subject.in_(subjects), lately)
    return session.scalar(chosen.limit(1)) is not None


def since_refused(session: Session, binding_id: int, at: dt.datetime) -> str | None:
    """What ended the refusals of a device with a patient: a value received later, or that it was taken back."""
    binding = session.get_one(Binding, binding_id)
    if binding.until_at is not None:
        return f"monitoring.binding:{binding.id}"
    taken = session.scalar(
        select(Value.id)
        .where(Value.enrolment_id == binding.enrolment_id, Value.device_id == binding.device_id, Value.received_at > at)
        .order_by(Value.id)
        .limit(1)
    )
    return f"monitoring.value:{taken}" if taken is not None else None


def is_certified(session: Session, device: Device, measured_at: dt.datetime) -> bool:
    """Whether the device had a valid certificate on the day of the measurement (Health Code, article 60, item 7).

    A device that names its state registration counts only while that is in force.
    """
    day = clock.local(measured_at).date()
    if registration_in_force(session, device, day) is False:
        return False
    return device.is_certified and (device.certificate_until is None or device.certificate_until >= day)


def holds_again(session: Session, device_id: int, enrolment_id: int) -> str | None:
    """What ended that a device alerts nobody: it is trusted again or retired, or the patient is watched no more."""
    device = session.get_one(Device, device_id)
    if not device.is_active or is_certified(session, device, clock.now()):
        return f"devices.device:{device_id}"
    return f"monitoring.enrolment:{enrolment_id}" if session.get_one(Enrolment, enrolment_id).ended_at else None


def since_unplaced(session: Session, device_id: int, at: dt.datetime) -> str | None:
    """What ended that a device with nobody was refused: a value later, a patient who has it now, or that it retired."""
    if not session.get_one(Device, device_id).is_active:
        return f"devices.device:{device_id}"
    if binding := holder(session, device_id):
        return f"monitoring.binding:{binding.id}"
    taken = session.scalar(
        select(Value.id).where(Value.device_id == device_id, Value.received_at > at).order_by(Value.id).limit(1)
    )
    return f"monitoring.value:{taken}" if taken is not None else None


def binding_or_404(session: Session, enrolment_id: int, binding_id: int) -> Binding:
    """One device of an enrolment."""
    found = session.scalar(select(Binding).where(Binding.id == binding_id, Binding.enrolment_id == enrolment_id))
    if found is None:
        raise NotFound(_("This device is not with the patient"))
    return found


def _home_devices(scope: Scope, *protocols: str) -> Select[Device]:
    return select(Device).where(
        Device.kind.in_(KINDS),
        Device.protocol.in_(protocols),
        Device.is_active,
        scope.condition(Device.organization_id),
    )


def free(session: Session, scope: Scope) -> Sequence[Device]:
    """Home devices of a scope that are with nobody."""
    taken = exists().where(Binding.device_id == Device.id, Binding.until_at.is_(None))
    return session.scalars(_home_devices(scope, *PROTOCOLS).where(~taken).order_by(Device.name, Device.id)).all()


def with_keys(scope: Scope) -> Select[Device, DeviceKey]:
    """Home devices of a scope with the key of each, if it has one."""
    statement = _home_devices(scope, "fhir").add_columns(DeviceKey)
    return statement.outerjoin(DeviceKey, (DeviceKey.device_id == Device.id) & DeviceKey.revoked_at.is_(None))


def device_to_give_or_404(session: Session, scope: Scope, device_id: int) -> Device:
    """A device of the scope that may be with a patient."""
    found = session.scalar(_home_devices(scope, *PROTOCOLS).where(Device.id == device_id))
    if found is None:
        raise NotFound(_("There is no such device"))
    return found


def home_device_or_404(session: Session, scope: Scope, device_id: int) -> Device:
    """A home device of the scope that may send."""
    found = device_of_scope(session, scope, device_id)
    if found is None or found.kind not in KINDS or found.protocol != "fhir" or not found.is_active:
        raise NotFound(_("There is no such device"))
    return found
