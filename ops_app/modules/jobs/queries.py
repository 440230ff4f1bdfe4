"""Every SELECT about background jobs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ops_app.mechanisms.jobs.models import Failure
from ops_app.mechanisms.jobs.tables import event, job, worker

STATES: dict[str, tuple[str, ...]] = {
    "failed": ("failed",),
    "waiting": ("todo",),
    "running": ("doing",),
    "ended": ("succeeded", "cancelled", "aborted"),
}


def jobs(state: str) -> Select[Any]:
    """Jobs of one state with the moment of the last change and the last reason of failure."""
    changed = select(func.max(event.c.at)).where(event.c.job_id == job.c.id, event.c.type != "scheduled")
    reason = select(Failure.reason).where(Failure.job_id == job.c.id).order_by(Failure.id.desc()).limit(1)
    return select(
        job.c.id,
        job.c.task_name,
        job.c.args,
        job.c.status,
        job.c.attempts,
        job.c.scheduled_at,
        changed.scalar_subquery().label("changed_at"),
        reason.scalar_subquery().label("reason"),
    ).where(job.c.status.in_(STATES[state]))


def counts(session: Session) -> dict[str, int]:
    """How many jobs are in each state."""
    rows = session.execute(select(job.c.status, func.count().label("number")).group_by(job.c.status))
    by_status: dict[str, int] = {row.status: row.number for row in rows}
    return {state: sum(by_status.get(status, 0) for status in statuses) for state, statuses in STATES.items()}


def count_failed(session: Session) -> int:
    """How many jobs wait for an administrator."""
    return int(session.scalar(select(func.count()).where(job.c.status == "failed")) or 0)


def last_heartbeat(session: Session) -> dt.datetime | None:
    """When a worker last said that it lives."""
    return session.scalar(select(func.max(worker.c.last_heartbeat)))
