"""Every SELECT about devices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.modules.classifiers import state_register
from ops_app.modules.classifiers.queries import concept, title
from ops_app.modules.devices.models import CodeMapping, Device, OrderDownload
from ops_app.modules.organizations.models import Location, Organization


def by_sender(session: Session, protocol: str, sender: str) -> Device | None:
    """The active device that calls itself so."""
    return session.scalar(select(Device).where(Device.protocol == protocol, Device.sender == sender, Device.is_active))


def by_address(session: Session, protocol: str, host: str) -> Device | None:
    """The only active device of this host: some analysers never say who they are."""
    found = session.scalars(
        select(Device)
        .where(Device.protocol == protocol, func.split_part(Device.address, ":", 1) == host, Device.is_active)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def active(session: Session, protocol: str) -> Sequence[Device]:
    """Active devices of a protocol."""
    return session.scalars(
        select(Device).where(Device.protocol == protocol, Device.is_active).order_by(Device.id)
    ).all()


def device(session: Session, scope: Scope, device_id: int) -> Device | None:
    """A device of the scope."""
    return session.scalar(select(Device).where(Device.id == device_id, scope.condition(Device.organization_id)))


def registration(session: Session, number: str | None) -> str:
    """The number of a state registration with the name it is registered under."""
    row = concept(session, state_register.DEVICES, number) if number else None
    return f"{number} {title(row)}" if row is not None else number or ""


def registration_in_force(session: Session, row: Device, day: dt.date) -> bool | None:
    """Whether the registration of a device was in force on a day; None when it names none or nobody can know."""
    if row.registration_number is None:
        return None
    return state_register.in_force(session, state_register.DEVICES, row.registration_number, day)


def listed(
    scope: Scope, *, text: str | None = None, kind: str | None = None, retired: bool = False
) -> Select[Device, Organization]:
    """Devices of a scope with their organisations."""
    statement = (
        select(Device, Organization)
        .join(Organization, Organization.id == Device.organization_id)
        .where(scope.condition(Device.organization_id))
    )
    if not retired:
        statement = statement.where(Device.is_active)
    if kind:
        statement = statement.where(Device.kind == kind)
    if text:
        columns = (Device.name, Device.manufacturer, Device.model, Device.serial_number, Device.sender)
        statement = statement.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return statement


def mappings(session: Session, device_id: int) -> Sequence[CodeMapping]:
    """What the codes of a device mean, by code."""
    return session.scalars(
        select(CodeMapping)
        .where(CodeMapping.device_id == device_id, CodeMapping.removed_at.is_(None))
        .order_by(CodeMapping.their_code, CodeMapping.their_unit.nulls_first(), CodeMapping.id)
    ).all()


def mapping(session: Session, device_id: int, mapping_id: int, *, removed: bool = False) -> CodeMapping | None:
    """One meaning that still holds, or one that was ended."""
    return session.scalar(
        select(CodeMapping).where(
            CodeMapping.id == mapping_id,
            CodeMapping.device_id == device_id,
            CodeMapping.removed_at.is_not(None) if removed else CodeMapping.removed_at.is_(None),
        )
    )


def mapping_of(session: Session, device_id: int, code: str, unit: str | None) -> CodeMapping | None:
    """What this code means in this unit."""
    return session.scalar(
        select(CodeMapping).where(
            CodeMapping.device_id == device_id,
            CodeMapping.their_code == code,
            CodeMapping.their_unit.is_not_distinct_from(unit),
            CodeMapping.removed_at.is_(None),
        )
    )


def locations(session: Session, scope: Scope) -> Sequence[Location]:
    """Rooms and wards of the scope, by name."""
    return session.scalars(
        select(Location).where(scope.condition(Location.organization_id)).order_by(Location.name_ru, Location.id)
    ).all()


def senders(session: Session, source_systems: Iterable[str | None]) -> dict[str, str]:
    """What the devices are called that facts name as ``device:7``, with their serial numbers."""
    numbers = {name: name.removeprefix("device:") for name in source_systems if name and name.startswith("device:")}
    ids = [int(number) for number in numbers.values() if number.isdigit()]
    rows = session.scalars(select(Device).where(Device.id.in_(ids))) if ids else ()
    return {f"device:{row.id}": " ".join(filter(None, (row.name, row.serial_number))) for row in rows}


def downloads(session: Session, device_id: int, limit: int = 10) -> Sequence[OrderDownload]:
    """The newest orders on their way to a device."""
    return session.scalars(
        select(OrderDownload).where(OrderDownload.device_id == device_id).order_by(OrderDownload.id.desc()).limit(limit)
    ).all()


def waiting_downloads(session: Session, limit: int = 20) -> Sequence[OrderDownload]:
    """Orders that no analyser has taken yet, oldest first."""
    return session.scalars(
        select(OrderDownload).where(OrderDownload.state == "waiting").order_by(OrderDownload.id).limit(limit)
    ).all()
