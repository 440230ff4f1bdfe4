"""Who is told of a finished report: whoever asked for it, as a task when it cannot wait."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.mechanisms.task import task
from ops_app.modules.accounts.models import Account
from ops_app.modules.patients.queries import current_attachment, record_ids
from ops_app.modules.radiology.models import Report
from ops_app.modules.radiology.notices import REPORT_CORRECTED, REPORT_READY
from ops_app.modules.radiology.task_kinds import CRITICAL, subject_of
from ops_app.modules.visits.models import ServiceRequest


def tell(
    session: Session,
    actor: Actor,
    report: Report,
    request: ServiceRequest | None,
    *,
    corrected: Report | None,
) -> None:
    """Tell the doctor who asked; a critical finding becomes a task that stays until somebody acknowledges it."""
    if corrected is not None:
        task.withdraw(session, CRITICAL, subject_of(corrected), reason="corrected", actor=actor)
    if report.is_critical:
        _ask(session, actor, report, request)
        return
    asked = _accounts_of(session, request.practitioner_id) if request is not None else []
    notify(session, REPORT_READY if corrected is None else REPORT_CORRECTED, asked, f"/radiology/reports/{report.id}")


def _ask(session: Session, actor: Actor, report: Report, request: ServiceRequest | None) -> None:
    """Of the doctor who asked; when nobody asked, of the doctors where the person is looked after."""
    task.open(
        session,
        CRITICAL,
        subject=subject_of(report),
        patient_id=report.patient_id,
        organization_id=request.organization_id if request is not None else _looks_after(session, report),
        owner_practitioner_id=request.practitioner_id if request is not None else None,
        actor=actor,
    )


def _accounts_of(session: Session, practitioner_id: int | None) -> list[int]:
    if practitioner_id is None:
        return []
    return list(
        session.scalars(select(Account.id).where(Account.practitioner_id == practitioner_id, Account.is_active))
    )


def _looks_after(session: Session, report: Report) -> int:
    attachment = current_attachment(session, record_ids(session, report.patient_id))
    return attachment.organization_id if attachment is not None else report.organization_id
