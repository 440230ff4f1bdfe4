"""Who is told of a finished report: whoever asked for it, and at once when it cannot wait."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.mechanisms.notifications.notifying import notify
from ops_app.modules.accounts.models import Account
from ops_app.modules.notifications.service import tell_holders
from ops_app.modules.patients.queries import current_attachment, record_ids
from ops_app.modules.radiology.models import Report
from ops_app.modules.radiology.notices import CRITICAL_FINDING, REPORT_CORRECTED, REPORT_READY
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Permission


def tell(session: Session, report: Report, request: ServiceRequest | None, *, is_correction: bool) -> None:
    """Tell the doctor who asked; of a critical finding, when nobody asked, the doctors who look after the person."""
    target = f"/radiology/reports/{report.id}"
    asked = _accounts_of(session, request.practitioner_id) if request is not None else []
    if not report.is_critical:
        notify(session, REPORT_CORRECTED if is_correction else REPORT_READY, asked, target)
        return
    notify(session, CRITICAL_FINDING, asked, target)
    if not asked:
        tell_holders(session, CRITICAL_FINDING, Permission.VISITS_RECORD_WRITE, _looks_after(session, report), target)


def _accounts_of(session: Session, practitioner_id: int | None) -> list[int]:
    if practitioner_id is None:
        return []
    return list(
        session.scalars(select(Account.id).where(Account.practitioner_id == practitioner_id, Account.is_active))
    )


def _looks_after(session: Session, report: Report) -> int:
    attachment = current_attachment(session, record_ids(session, report.patient_id))
    return attachment.organization_id if attachment is not None else report.organization_id
