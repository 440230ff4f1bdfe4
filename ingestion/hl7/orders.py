"""ORM, OML and OMG: referrals that other systems write; the laboratory makes its orders of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ingestion.hl7.people import found_or_registered
from ingestion.hl7.results import Group, groups
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app import audit
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.hl7_structure import REQUIRED, TABLE_VALUE
from ops_app.mechanisms.device_messages.hl7_values import moment
from ops_app.modules.classifiers.models import Concept
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import ServiceRequest

CANCELLED = ("CA", "OC", "DC", "OD", "CR")
"""ORC-1, table 0119: order control codes that take an order back."""
PRIORITIES = {"S": "emergency", "A": "urgent", "STAT": "emergency", "ASAP": "urgent"}
IMAGING = ("RAD", "CT", "MR", "US", "NMR", "NMS", "RUS", "XR", "DX", "MG")
"""OBR-24, table 0074."""


def interpret(incoming: Incoming) -> Outcome:
    """One referral for each requested service, once by the sender's number of it."""
    patient, _ = found_or_registered(incoming, incoming.segment("PID"))
    records = [Became("patients.patient", patient.id)]
    for group in groups(incoming.message.segments, specimen_first=False):
        request = _referral(incoming, patient, group)
        records.append(Became("visits.service_request", request.id))
    return Outcome(tuple(records), patient_id=patient.id, organization_id=incoming.organization.id)


def _referral(incoming: Incoming, patient: Patient, group: Group) -> ServiceRequest:
    asked, order, session = group.request, group.order, incoming.session
    assert asked is not None
    number = (order.text(2) if order else "") or asked.text(2)
    if not number:
        raise NotInterpreted("The order has no number of its own", segment="ORC", field=2, code=REQUIRED)
    code = _service(incoming, group)
    key = f"order:{number}:{code}"
    request = session.scalar(
        select(ServiceRequest)
        .where(ServiceRequest.source_system == incoming.source_system, ServiceRequest.source_key == key)
        .with_for_update()
    )
    if request is not None and request.patient_id != patient.id:
        raise NotInterpreted("This order belongs to another person", segment="ORC", field=2)
    before: dict[str, Any] | None = audit.snapshot(request) if request else None
    if request is None:
        said = moment(order.text(9) if order else "") or moment(incoming.message.header.text(7))
        at = min(said or incoming.row.received_at, clock.now())
        request = ServiceRequest(
            patient_id=patient.id,
            organization_id=incoming.organization.id,
            event_at=at,
            known_at=max(at, incoming.row.received_at),
            source="registry",
            source_system=incoming.source_system,
            source_key=key,
            recorded_by=incoming.actor.login,
            category="imaging" if asked.text(24) in IMAGING else "laboratory",
            code=code,
            priority=_priority(group),
            note=asked.whole(13)[:2000] or None,
        )
        session.add(request)
    if order is not None and order.text(1) in CANCELLED and request.status in ("draft", "active", "scheduled"):
        request.status = "cancelled"
    session.flush()
    audit.changed(
        session,
        incoming.actor,
        entity="visits.service_request",
        entity_id=request.id,
        patient_id=patient.id,
        before=before,
        after=audit.snapshot(request),
    )
    return request


def _service(incoming: Incoming, group: Group) -> str:
    """The ordered service by the classifier of services, under either code of OBR-4."""
    assert group.request is not None
    codes = [each for each in (group.request.text(4, 1), group.request.text(4, 4)) if each]
    found = incoming.session.scalar(
        select(Concept.code).where(Concept.system == "service", Concept.code.in_(codes)).limit(1)
    )
    if found is None:
        raise NotInterpreted("The ordered service is not known here", segment="OBR", field=4, code=TABLE_VALUE)
    return found


def _priority(group: Group) -> str:
    assert group.request is not None
    said = [group.request.text(5), group.request.text(27, 6)]
    said += [group.order.text(7, 6)] if group.order else []
    return next((PRIORITIES[each] for each in said if each in PRIORITIES), "routine")
