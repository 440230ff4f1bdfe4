"""Moving a referral through its life; every move leaves a row of history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.service_request.transitions import Side, move_to
from ops_app.mechanisms.task import task
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.episodes.plans import screening_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.checks import check_rows
from ops_app.modules.visits.forms import ReferralInput, ReferralMove, VisitRows
from ops_app.modules.visits.models import Procedure, ServiceRequest, ServiceRequestEvent
from ops_app.modules.visits.queries import locked_encounter
from ops_app.modules.visits.task_kinds import DEADLINES, URGENT_REFERRAL, subject_of
from ops_app.permissions import Permission


def referral_or_404(session: Session, request_id: int) -> ServiceRequest:
    """A referral."""
    request = session.get(ServiceRequest, request_id)
    if request is None:
        raise NotFound(_("There is no such referral"))
    return request


def performer_id(request: ServiceRequest) -> int:
    """Who does it: the organisation that was named, else the one that wrote the referral."""
    return request.performer_organization_id or request.organization_id


def sides(actor: Actor, request: ServiceRequest) -> tuple[Side, ...]:
    """On which side of the referral the actor stands."""
    found: list[Side] = []
    if actor.scope(Permission.VISITS_RECORD_WRITE).allows(request.organization_id):
        found.append("requester")
    if actor.scope(Permission.REFERRALS_REQUEST_PERFORM).allows(performer_id(request)):
        found.append("performer")
    return tuple(found)


def history(session: Session, request_id: int) -> Sequence[ServiceRequestEvent]:
    """What happened to a referral, oldest first."""
    return session.scalars(
        select(ServiceRequestEvent)
        .where(ServiceRequestEvent.service_request_id == request_id)
        .order_by(ServiceRequestEvent.id)
    ).all()


def ask_performer(session: Session, actor: Actor, request: ServiceRequest) -> None:
    """Give whoever performs it a task where the referral cannot wait and goes to another organisation of ours."""
    performer = session.get_one(Organization, performer_id(request))
    if request.priority not in DEADLINES or performer.id == request.organization_id or performer.is_external:
        return
    task.open(
        session,
        URGENT_REFERRAL,
        subject=subject_of(request),
        organization_id=performer.id,
        patient_id=request.patient_id,
        due_at=clock.now() + DEADLINES[request.priority],
        detail={"priority": request.priority},
        actor=actor,
    )


def write(
    session: Session, actor: Actor, encounter_id: int, data: ReferralInput, reason_icd10: str | None
) -> ServiceRequest:
    """Write one more referral at a recorded visit, for modules whose orders say more than a referral."""
    encounter = locked_encounter(session, encounter_id)
    if encounter.entered_in_error_at is not None:
        raise Conflict(_("This visit is marked as an error"))
    if not actor.scope(Permission.VISITS_RECORD_WRITE).allows(encounter.organization_id):
        raise Forbidden(_("This visit belongs to another organisation"))
    patient = session.get_one(Patient, encounter.patient_id)
    check_rows(session, actor, patient, VisitRows(referrals=[data]), clock.local(encounter.event_at).date())
    now = clock.now()
    request = ServiceRequest(
        patient_id=encounter.patient_id,
        organization_id=encounter.organization_id,
        practitioner_id=actor.practitioner_id,
        encounter_id=encounter.id,
        event_at=now,
        known_at=now,
        evidence=encounter.evidence,
        recorded_by=actor.login,
        reason_icd10=reason_icd10,
        **data.model_dump(),
    )
    session.add(request)
    session.flush()
    session.refresh(request)
    audit.changed(
        session,
        actor,
        entity="visits.service_request",
        entity_id=request.id,
        patient_id=request.patient_id,
        after=audit.snapshot(request),
    )
    ask_performer(session, actor, request)
    return request


def move(session: Session, actor: Actor, request_id: int, data: ReferralMove) -> ServiceRequest:
    """Move a referral on; refused when somebody moved it since it was opened."""
    referral_or_404(session, request_id)
    request = session.get_one(ServiceRequest, request_id, with_for_update=True, populate_existing=True)
    standing = sides(actor, request)
    if not standing:
        raise Forbidden(_("This referral is neither yours nor addressed to you"))
    if request.row_xid != data.version:
        raise Conflict(
            _("Somebody changed this referral meanwhile"),
            advice=_("Open it again, look at its newest state and repeat your change."),
        )
    if request.entered_in_error_at is not None:
        raise Conflict(_("This referral is marked as an error"))
    found = move_to(request.status, data.to, standing)
    if found is None:
        raise Conflict(_("A referral in this state cannot be moved there"))
    at = _checked(request, data, found.needs)
    before = audit.snapshot(request)
    event = ServiceRequestEvent(
        service_request_id=request.id,
        patient_id=request.patient_id,
        before=request.status,
        after=data.to,
        organization_id=performer_id(request) if "performer" in standing else request.organization_id,
        practitioner_id=actor.practitioner_id,
        moved_by=actor.login,
        scheduled_at=at,
        reason=data.reason,
        result_text=data.result,
    )
    request.status = data.to
    if at is not None:
        request.occurrence_date = clock.local(at).date()
    if data.to == "cancelled":
        request.cancel_reason = data.cancel_code
    session.add(event)
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
    task.settle(
        session, URGENT_REFERRAL, subject_of(request), evidence=f"visits.service_request:{request.id}", actor=actor
    )
    if data.to == "completed":
        _perform(session, actor, request, data)
    return request


def _checked(request: ServiceRequest, data: ReferralMove, needs: str | None) -> dt.datetime | None:
    """The moment of a scheduled referral; whatever else the move needs must be there."""
    if needs == "reason":
        if data.cancel_code is None:
            raise Invalid(_("Choose the reason"), field="cancel_code")
        if data.cancel_code == "other" and not data.reason:
            raise Invalid(_("Write the reason in a few words"), field="reason")
    if needs == "result" and not data.result:
        raise Invalid(_("Write the result"), field="result")
    if needs != "moment":
        return None
    if data.date is None:
        raise Invalid(_("Enter the day"), field="date")
    if data.time is None:
        raise Invalid(_("Enter the time"), field="time")
    at = clock.from_local(data.date, data.time)
    if at < clock.now():
        raise Invalid(_("This time has passed"), field="date")
    return at


def _perform(session: Session, actor: Actor, request: ServiceRequest, data: ReferralMove) -> None:
    """A completed referral is a service rendered, and may close what waited for it."""
    if request.code is None:
        return
    screening = screening_of(request.code, clock.today())
    service = Procedure(
        patient_id=request.patient_id,
        organization_id=performer_id(request),
        practitioner_id=actor.practitioner_id,
        service_request_id=request.id,
        event_at=clock.now(),
        known_at=clock.now(),
        evidence="presence",
        code=request.code,
        programme=screening[0].programme if screening else None,
        note=data.result,
        recorded_by=actor.login,
    )
    session.add(service)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="visits.procedure",
        entity_id=service.id,
        patient_id=service.patient_id,
        after=audit.snapshot(service),
    )
    plan_refresh.refresh(session, actor, request.patient_id)
