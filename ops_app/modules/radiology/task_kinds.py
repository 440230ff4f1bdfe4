"""Tasks about findings that cannot wait."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.i18n import N_, _
from ops_app.kit.dates import show_moment
from ops_app.mechanisms.task.kind import TaskKind
from ops_app.mechanisms.task.models import Task
from ops_app.modules.radiology.models import Report
from ops_app.modules.radiology.notices import CRITICAL_FINDING
from ops_app.permissions import Role

ACKNOWLEDGED, HANDLED = "acknowledged", "handled_elsewhere"


def subject_of(report: Report) -> str:
    """What a task about this report is about."""
    return f"radiology_report:{report.id}"


def _superseded(session: Session, task: Task) -> str | None:
    """Without an acknowledgement only a correction takes it off, which asks anew when it is critical too."""
    report = session.get_one(Report, int(task.subject.partition(":")[2]))
    return f"radiology.report:{report.id}" if report.status == "replaced" else None


CRITICAL = TaskKind(
    "radiology:critical_finding",
    N_("Critical finding on an image"),
    why=lambda task: _(
        "A report finished at %(moment)s has a finding that cannot wait.", moment=show_moment(task.opened_at)
    ),
    closes=N_("You read the report and write down what you do."),
    resolved_if=_superseded,
    deadline=dt.timedelta(hours=1),
    owner_role=Role.DOCTOR,
    escalation=((dt.timedelta(0), Role.DOCTOR), (dt.timedelta(hours=1), Role.CHIEF_PHYSICIAN)),
    repeat=dt.timedelta(hours=2),
    answers={
        ACKNOWLEDGED: N_("I read the report and act on it"),
        HANDLED: N_("Another doctor acts on it already"),
    },
    target=lambda task: f"/radiology/reports/{task.subject.partition(':')[2]}",
    severity="red",
    notice=CRITICAL_FINDING,
)


def newest_task(session: Session, report: Report) -> Task | None:
    """The task about a report's critical finding, open or closed."""
    mine = select(Task).where(Task.kind == CRITICAL.name, Task.subject == subject_of(report))
    return session.scalar(mine.order_by(Task.id.desc()).limit(1))


TASK_KINDS = (CRITICAL,)
