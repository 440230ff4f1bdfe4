"""Devices that asked what is stored and could not be told for days: a person tells them again, or lets it be."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor, Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.devices.queries import by_sender
from ops_app.modules.imaging.models import CommitmentReport
from ops_app.modules.imaging.notices import UNTOLD
from ops_app.modules.notifications.service import tell_holders
from ops_app.permissions import Permission

MOST = 200
ENTITY = "imaging.commitment_report"


def _of(scope: Scope) -> Select[CommitmentReport, Device]:
    """Reports of devices of a scope; those of stations nobody registered are for whoever manages all."""
    device = (Device.protocol == "dicom") & (Device.sender == CommitmentReport.calling_ae) & Device.is_active
    return (
        select(CommitmentReport, Device)
        .outerjoin(Device, device)
        .where(CommitmentReport.given_up_at.is_not(None), scope.condition(Device.organization_id))
    )


def given_up(session: Session, scope: Scope) -> Sequence[tuple[CommitmentReport, Device | None]]:
    """What nobody could be told, newest first."""
    rows = session.execute(_of(scope).order_by(CommitmentReport.given_up_at.desc()).limit(MOST))
    return [(row[0], row[1]) for row in rows]


def count_given_up(session: Session, actor: Actor) -> int:
    """What the navigation shows."""
    asked = _of(actor.scope(Permission.DEVICES_DEVICE_MANAGE)).subquery()
    return session.scalar(select(func.count()).select_from(asked)) or 0


def give_up(session: Session, report: CommitmentReport) -> None:
    """Stop calling a device, and tell those who keep the devices."""
    report.given_up_at = clock.now()
    device = by_sender(session, "dicom", report.calling_ae)
    tell_holders(
        session,
        UNTOLD,
        Permission.DEVICES_DEVICE_MANAGE,
        device.organization_id if device is not None else None,
        "/imaging/untold",
    )


def tell_again(session: Session, actor: Actor, report_id: int) -> None:
    """Have the gateway call the device for three more days."""
    row = _one(session, actor, report_id)
    before = audit.snapshot(row)
    row.given_up_at, row.attempts = None, 0
    row.asked_at = row.next_attempt_at = clock.now()
    session.flush()
    audit.changed(session, actor, entity=ENTITY, entity_id=row.id, before=before, after=audit.snapshot(row))


def forget(session: Session, actor: Actor, report_id: int) -> None:
    """The device no longer waits: it was told otherwise, or it is gone."""
    row = _one(session, actor, report_id)
    audit.changed(session, actor, entity=ENTITY, entity_id=row.id, before=audit.snapshot(row), after={})
    session.delete(row)


def _one(session: Session, actor: Actor, report_id: int) -> CommitmentReport:
    scope = actor.scope(Permission.DEVICES_DEVICE_MANAGE)
    asked = _of(scope).where(CommitmentReport.id == report_id).with_for_update(of=CommitmentReport)
    found = session.execute(asked).one_or_none()
    if found is None:
        raise NotFound(_("Nobody waits for this any more"))
    return found[0]
