"""Tasks about referrals."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ops_app.i18n import N_, _
from ops_app.kit.dates import show_moment
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.mechanisms.task.models import Task
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Role

DEADLINES = {"emergency": dt.timedelta(hours=2), "urgent": dt.timedelta(hours=24)}
"""How soon a referral that cannot wait must be answered with a time."""


def subject_of(request: ServiceRequest) -> str:
    """What a task about this referral is about."""
    return f"service_request:{request.id}"


def _moved(session: Session, task: Task) -> str | None:
    """The referral is evidence itself as soon as it stands in another state, or is marked as an error."""
    request = session.get_one(ServiceRequest, int(task.subject.partition(":")[2]))
    waits = request.status == "active" and request.entered_in_error_at is None
    return None if waits else f"visits.service_request:{request.id}"


def _why(task: Task) -> str:
    moment = show_moment(task.opened_at)
    if task.detail.get("priority") == "emergency":
        return _("An emergency referral came to your organisation at %(moment)s.", moment=moment)
    return _("An urgent referral came to your organisation at %(moment)s.", moment=moment)


URGENT_REFERRAL = TaskKind(
    "visits:urgent_referral",
    N_("Urgent referral without an answer"),
    why=_why,
    closes=N_("A time is set, the work is begun, or the referral is refused with a reason."),
    resolved_if=_moved,
    deadline=DEADLINES["urgent"],
    owner_role=Role.DOCTOR,
    escalation=((dt.timedelta(0), Role.CHIEF_PHYSICIAN),),
    repeat=dt.timedelta(hours=24),
    target=lambda task: f"/referrals/{task.subject.partition(':')[2]}",
    severity="red",
)

TASK_KINDS = (URGENT_REFERRAL,)
