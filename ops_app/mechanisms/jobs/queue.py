"""Putting jobs into the queue, and what happens to those that failed or lost their worker."""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app.mechanisms.jobs.models import Failure
from ops_app.mechanisms.jobs.tables import SCHEMA, event, job, worker
from ops_app.mechanisms.jobs.task import Task

QUEUE = "saulyq"
STALE_AFTER = dt.timedelta(seconds=10)
"""A worker that has been silent for so long is dead: it speaks every two seconds."""
LOST_RUNS = 5
"""A job whose worker died this often is probably what kills it."""

KEEP_DONE = dt.timedelta(days=7)
KEEP_FAILED = dt.timedelta(days=90)

Argument = int | str | bool | None


def enqueue(
    session: Session,
    task: str,
    *,
    at: dt.datetime | None = None,
    lock: str | None = None,
    once: str | None = None,
    **arguments: Argument,
) -> int | None:
    """Queue a job in this transaction: it exists if the transaction commits, and not before.

    ``lock``: jobs of the same lock run one after another. ``once``: nothing is queued, and None returned,
    while another job of that name still waits. Arguments are numbers and codes, never a person's data: the
    administrator sees them.
    """
    statement = (
        insert(job)
        .values(
            queue_name=QUEUE,
            task_name=task,
            priority=0,
            lock=lock,
            queueing_lock=once,
            args=arguments,
            scheduled_at=at,
        )
        .on_conflict_do_nothing(
            index_elements=[job.c.queueing_lock],
            index_where=text(f"status = 'todo'::{SCHEMA}.procrastinate_job_status"),
        )
        .returning(job.c.id)
    )
    return session.scalar(statement)


def note_failure(session: Session, job_id: int, task: str, attempt: int, reason: str) -> None:
    """Keep why an attempt failed."""
    session.add(Failure(job_id=job_id, task=task, attempt=attempt, reason=reason[:500]))


def reason_of(error: BaseException) -> str:
    """Kind of an error and the innermost line of ours: enough to look for it, and no value of a record."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    place = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}{place}"


def run_again(session: Session, job_id: int) -> bool:
    """Queue a failed job once more; False if it is not failed any more."""
    if not _is(session, job_id, "failed"):
        return False
    session.execute(select(_function("procrastinate_retry_job_v2")(job_id, func.now(), None, None, None)))
    return True


def set_aside(session: Session, job_id: int) -> bool:
    """Give a failed job up; False if it is not failed any more."""
    if not _is(session, job_id, "failed"):
        return False
    session.execute(update(job).where(job.c.id == job_id).values(status="cancelled"))
    return True


def recover(session: Session, tasks: Mapping[str, Task], own_worker: int | None = None) -> int:
    """Deal with jobs whose worker died: repeat what may be repeated, stop the rest; return how many there were.

    The own worker never counts as dead: after a sleep of the machine it would repeat what it is still doing.
    """
    silent = worker.c.last_heartbeat < func.now() - STALE_AFTER
    lost: Sequence[Any] = session.execute(
        select(job.c.id, job.c.task_name, job.c.attempts)
        .select_from(job.outerjoin(worker, worker.c.id == job.c.worker_id))
        .where(
            job.c.status == "doing",
            or_(worker.c.id.is_(None), silent),
            or_(job.c.worker_id.is_(None), job.c.worker_id != (own_worker or 0)),
        )
        .with_for_update(of=job, skip_locked=True)
    ).all()
    for row in lost:
        job_id, name, attempts = int(row.id), str(row.task_name), int(row.attempts)
        note_failure(session, job_id, name, attempts + 1, "the worker ended while the job ran")
        task = tasks.get(name)
        if task is not None and task.idempotent and attempts < max(task.attempts, LOST_RUNS):
            session.execute(select(_function("procrastinate_retry_job_v2")(job_id, func.now(), None, None, None)))
        else:
            session.execute(text(f"select {SCHEMA}.procrastinate_finish_job_v1(:id, 'failed', false)"), {"id": job_id})
    return len(lost)


def forget_finished(session: Session) -> int:
    """Remove jobs that ended long ago, and the reasons of their failures; return how many."""
    ended = [
        (("succeeded",), KEEP_DONE),
        (("failed", "cancelled", "aborted"), KEEP_FAILED),
    ]
    removed = 0
    for statuses, keep in ended:
        recent = exists().where(event.c.job_id == job.c.id, event.c.at > func.now() - keep)
        removed += len(
            session.scalars(delete(job).where(job.c.status.in_(statuses), ~recent).returning(job.c.id)).all()
        )
    session.execute(delete(Failure).where(~exists().where(job.c.id == Failure.job_id)))
    return removed


def _is(session: Session, job_id: int, status: str) -> bool:
    found = session.scalar(select(literal(1)).where(job.c.id == job_id, job.c.status == status).with_for_update())
    return found is not None


def _function(name: str) -> Any:
    return getattr(getattr(func, SCHEMA), name)
