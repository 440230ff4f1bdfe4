"""Taking back the newest step of a referral: it stands as before, and the history keeps both steps."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden
from ops_app.i18n import _
from ops_app.mechanisms.service_request.transitions import move_to
from ops_app.mechanisms.task import task, working
from ops_app.mechanisms.undo import State, changed_since, put_back
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.episodes import service as episodes
from ops_app.modules.visits.corrections import mark
from ops_app.modules.visits.models import Procedure, ServiceRequest, ServiceRequestEvent
from ops_app.modules.visits.referrals import history, performer_id, sides
from ops_app.modules.visits.task_kinds import URGENT_REFERRAL, subject_of


def take_back(session: Session, actor: Actor, request_id: int, step: str, state: State) -> None:
    """Undo the move that is this step of the history; refused to whoever could not have made it, and after another."""
    request = session.get_one(ServiceRequest, request_id, with_for_update=True, populate_existing=True)
    if request.entered_in_error_at is not None:
        raise Conflict(_("This referral is marked as an error"))
    steps = history(session, request_id)
    if not steps or str(steps[-1].id) != step:
        raise changed_since()
    standing = sides(actor, request)
    before = audit.snapshot(request)
    put_back(request, state)
    if move_to(request.status, before["status"], standing) is None:
        session.expire(request)
        raise Forbidden(_("This referral is neither yours nor addressed to you"))
    moment = next((event.scheduled_at for event in reversed(steps[:-1]) if event.scheduled_at), None)
    session.add(
        ServiceRequestEvent(
            service_request_id=request.id,
            patient_id=request.patient_id,
            before=before["status"],
            after=request.status,
            organization_id=performer_id(request) if "performer" in standing else request.organization_id,
            practitioner_id=actor.practitioner_id,
            moved_by=actor.login,
            scheduled_at=moment if request.status == "scheduled" else None,
        )
    )
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
    if request.status == "active":
        _wait_again(session, actor, request)
    if before["status"] == "completed":
        _unperform(session, actor, request)


def _wait_again(session: Session, actor: Actor, request: ServiceRequest) -> None:
    """The task that the step had closed is open again."""
    subject = subject_of(request)
    closed = task.settled(session, URGENT_REFERRAL, subject, f"visits.service_request:{request.id}")
    if closed is not None:
        working.reopen(session, actor, closed)


def _unperform(session: Session, actor: Actor, request: ServiceRequest) -> None:
    """The service that the completion had recorded counts no more: clinical rows are marked, never deleted."""
    rendered = select(Procedure).where(
        Procedure.service_request_id == request.id,
        Procedure.encounter_id.is_(None),
        Procedure.entered_in_error_at.is_(None),
    )
    for row in session.scalars(rendered).all():
        mark(session, actor, row, _("The step of the referral was taken back"))
        if row.programme:
            episodes.reopen_programme(session, actor, request.patient_id, row.programme)
    plan_refresh.refresh(session, actor, request.patient_id)
