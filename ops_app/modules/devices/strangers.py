"""Who sends without being registered: what it sent is nobody's, until its sender is given to an organisation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, literal, select, union_all
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.imaging import adopting as images
from ops_app.modules.imaging.models import Study
from ops_app.modules.ingest import adopting as messages
from ops_app.modules.ingest.models import InboundMessage
from ops_app.permissions import Permission

LOOKED_BACK = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A sender that nobody registered."""

    protocol: str
    sender: str
    sent: int
    """Messages, or studies of a station."""
    last_at: dt.datetime


def may_assign(actor: Actor) -> bool:
    """What is nobody's is given to an organisation only by whoever keeps the devices of all of them.

    Else a hospital could register the name of its neighbour's analyser and read what that one sent.
    """
    return actor.scope(Permission.DEVICES_DEVICE_MANAGE).everywhere


def strangers(session: Session) -> Sequence[Stranger]:
    """Senders of the last days whose messages or studies nobody owns, the newest first."""
    since = clock.now() - LOOKED_BACK
    sent = (
        select(
            InboundMessage.channel.label("protocol"),
            InboundMessage.sender,
            func.count().label("sent"),
            func.max(InboundMessage.received_at).label("last_at"),
        )
        .where(
            InboundMessage.received_at >= since,
            InboundMessage.organization_id.is_(None),
            InboundMessage.sender != "",
            ~exists().where(
                Device.protocol == InboundMessage.channel, Device.sender == InboundMessage.sender, Device.is_active
            ),
        )
        .group_by(InboundMessage.channel, InboundMessage.sender)
    )
    made = (
        select(literal("dicom"), Study.calling_ae, func.count(), func.max(Study.last_received_at))
        .where(
            Study.last_received_at >= since,
            Study.device_id.is_(None),
            Study.service_request_id.is_(None),
            Study.state == "available",
            Study.calling_ae != "",
            ~exists().where(Device.protocol == "dicom", Device.sender == Study.calling_ae, Device.is_active),
        )
        .group_by(Study.calling_ae)
    )
    both = union_all(sent, made).subquery()
    rows = session.execute(select(both).order_by(both.c.last_at.desc(), both.c.sender))
    return [Stranger(row.protocol, row.sender, row.sent, row.last_at) for row in rows]


def adopt(session: Session, actor: Actor, row: Device) -> int:
    """Give the organisation of a device what came under its name and was nobody's; how many messages and studies."""
    if not may_assign(actor):
        return 0
    taken = messages.adopt(session, row.protocol, row.sender, row.organization_id)
    if row.protocol == "dicom":
        taken += images.adopt(session, row.sender, row.id, row.organization_id)
    return taken
