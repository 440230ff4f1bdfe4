"""What a device reports about its step moves the order it was made for, when it is certain which one and whose.

Certain means what it means for a study: the accession number we gave, and a person whose birth date and sex agree.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import OpsError
from ops_app.kit import clock
from ops_app.mechanisms.service_request.transitions import move_to
from ops_app.modules.imaging.facts import Sent
from ops_app.modules.imaging.matching import match
from ops_app.modules.imaging.models import PerformedStep
from ops_app.modules.radiology.models import MODALITIES, ImagingOrder
from ops_app.modules.visits import referrals
from ops_app.modules.visits.forms import ReferralMove
from ops_app.modules.visits.models import ServiceRequest

log = logging.getLogger(__name__)


def order_follows(session: Session, station: Actor, step: PerformedStep) -> None:
    """Begin the order when its step begins; a completed step is an examination that waits for its reading.

    A discontinued one leaves the order in progress: whether it is repeated or cancelled, and why, people decide.
    """
    request = _certain_order(session, step)
    if request is None:
        return
    try:
        with session.begin_nested():
            if move_to(request.status, "in_progress", referrals.sides(station, request)) is not None:
                move = ReferralMove(to="in_progress", version=request.row_xid)
                request = referrals.move(session, station, request.id, move)
            if step.state == "completed" and request.status == "in_progress":
                _performed(session, station, request, step)
    except OpsError as refused:
        # the step is kept all the same; its device cannot repair an order
        log.warning("order %s does not follow step %s: %s", request.id, step.id, refused.message)


def _certain_order(session: Session, step: PerformedStep) -> ServiceRequest | None:
    if step.service_request_id is None:
        return None
    found = match(session, _sent(step))
    if found.state != "matched" or found.service_request_id != step.service_request_id:
        return None
    return session.get_one(ServiceRequest, step.service_request_id, with_for_update=True, populate_existing=True)


def _sent(step: PerformedStep) -> Sent:
    return Sent(
        patient_id=_said(step, "00100020"),
        name=_said(step, "00100010"),
        birth_date=_said(step, "00100030"),
        sex=_said(step, "00100040"),
        accession_number=step.accession_number,
    )


def _said(step: PerformedStep, tag: str) -> str | None:
    """The first value of an attribute in DICOM JSON."""
    values = (step.attributes.get(tag) or {}).get("Value") or [None]
    value: Any = values[0]
    if isinstance(value, dict):
        value = value.get("Alphabetic")
    return str(value).strip() or None if value is not None else None


def _performed(session: Session, station: Actor, request: ServiceRequest, step: PerformedStep) -> None:
    order = session.scalar(select(ImagingOrder).where(ImagingOrder.service_request_id == request.id).with_for_update())
    before = audit.snapshot(order) if order is not None else None
    if order is None:
        modality = step.modality if step.modality in MODALITIES else "OT"
        order = ImagingOrder(service_request_id=request.id, patient_id=request.patient_id, modality=modality)
    if order.performed_at is not None:
        return
    order.performed_at, order.performed_by = step.ended_at or clock.now(), station.login
    if order.arrived_at is None:
        order.arrived_at, order.arrived_by = step.started_at or order.performed_at, station.login
    session.add(order)
    session.flush()
    audit.changed(
        session,
        station,
        entity="radiology.imaging_order",
        entity_id=order.id,
        patient_id=order.patient_id,
        before=before,
        after=audit.snapshot(order),
    )
