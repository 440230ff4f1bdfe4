"""A referral moved on by the module that carries it out: a laboratory, an imaging department."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.mechanisms.service_request.transitions import OPEN, move_to
from ops_app.modules.visits.models import ServiceRequest, ServiceRequestEvent
from ops_app.modules.visits.referrals import performer_id


def begin(session: Session, actor: Actor | None, request_id: int) -> None:
    """The work began; one that is begun already stays so."""
    _move(session, actor, request_id, "in_progress")


def complete(session: Session, actor: Actor | None, request_id: int, result: str) -> None:
    """The result is there."""
    _move(session, actor, request_id, "in_progress")
    _move(session, actor, request_id, "completed", result=result)


def cancel(session: Session, actor: Actor | None, request_id: int, reason: str) -> None:
    """It is not carried out."""
    _move(session, actor, request_id, "cancelled", reason=reason)


def _move(
    session: Session,
    actor: Actor | None,
    request_id: int,
    to: str,
    *,
    reason: str | None = None,
    result: str | None = None,
) -> None:
    request = session.get_one(ServiceRequest, request_id, with_for_update=True, populate_existing=True)
    if request.entered_in_error_at is not None or request.status not in OPEN:
        return
    if move_to(request.status, to, ("performer", "requester")) is None:
        return
    before = audit.snapshot(request)
    session.add(
        ServiceRequestEvent(
            service_request_id=request.id,
            patient_id=request.patient_id,
            before=request.status,
            after=to,
            organization_id=performer_id(request),
            practitioner_id=actor.practitioner_id if actor else None,
            moved_by=actor.login if actor else audit.SYSTEM,
            reason=reason,
            result_text=result,
        )
    )
    request.status = to
    if to == "cancelled":
        request.cancel_reason = "other"
    session.flush()
    session.refresh(request)
    audit.changed(
        session,
        actor,
        entity="visits.service_request",
        entity_id=request.id,
        patient_id=request.patient_id,
        before=before,
        after=audit.snapshot(request),
    )
