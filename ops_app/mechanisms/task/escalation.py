"""The background side of tasks: those whose evidence has come are closed, those nobody does go up."""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.kit import clock
from ops_app.mechanisms.jobs.queue import reason_of
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.mechanisms.task import owners
from ops_app.mechanisms.task.kind import declared
from ops_app.mechanisms.task.models import Task
from ops_app.mechanisms.task.notices import OVERDUE
from ops_app.mechanisms.task.task import changed, note, page_of, resolve

log = logging.getLogger(__name__)

LOOK_EVERY = dt.timedelta(minutes=10)
AT_ONCE = 500
"""Tasks a run looks at beside those that are due for a step."""


class TasksFailed(Exception):
    """Some tasks could not be looked at; the others were."""


def next_step(task: Task) -> dt.datetime | None:
    """When the next role is told; whoever takes a task over gets the time of its kind once more."""
    kind = declared().get(task.kind)
    if kind is None or task.level >= len(kind.escalation):
        return None
    start = task.due_at if task.taken_at is None else max(task.due_at, task.taken_at + kind.deadline)
    return start + kind.escalation[task.level][0]


def sweep(engine: Engine) -> None:
    """Look at tasks that are due for a step and at those not looked at for a while, each on its own."""
    failed: list[str] = []
    with Session(engine) as session:
        waiting = _waiting(session)
    for task_id in waiting:
        try:
            with Session(engine) as session, session.begin():
                _look_at(session, task_id)
        except Exception as error:
            # one task whose evidence cannot be asked for must not hold up the others
            log.exception("task %s", task_id)
            failed.append(f"{task_id}: {reason_of(error)}")
    if failed:
        raise TasksFailed("; ".join(failed))


def _waiting(session: Session) -> list[int]:
    now = clock.now()
    due = select(Task.id).where(Task.state == "open", Task.next_step_at <= now).order_by(Task.next_step_at)
    others = (
        select(Task.id)
        .where(Task.state == "open", or_(Task.checked_at.is_(None), Task.checked_at < now - LOOK_EVERY))
        .order_by(Task.checked_at.nulls_first())
        .limit(AT_ONCE)
    )
    return list(dict.fromkeys([*session.scalars(due), *session.scalars(others)]))


def _look_at(session: Session, task_id: int) -> None:
    locked = select(Task).where(Task.id == task_id, Task.state == "open").with_for_update(skip_locked=True)
    task = session.scalar(locked)
    if task is None or resolve(session, task):
        return
    task.checked_at = clock.now()
    if task.next_step_at is not None and task.next_step_at <= clock.now():
        _step(session, task)


def _step(session: Session, task: Task) -> None:
    """Tell the next role; after the last one it is told again until somebody takes the task over."""
    kind = declared().get(task.kind)
    if kind is None or not kind.escalation:
        task.next_step_at = None
        return
    before = audit.snapshot(task)
    _after, role = kind.escalation[min(task.level, len(kind.escalation) - 1)]
    task.told_roles = sorted({*task.told_roles, role})
    task.level = min(task.level + 1, len(kind.escalation))
    task.next_step_at = next_step(task)
    if task.next_step_at is None and kind.repeat is not None and task.taken_at is None:
        task.next_step_at = clock.now() + kind.repeat
    note(session, None, task, "escalated", code=role)
    changed(session, None, task, before)
    notify(session, OVERDUE, owners.accounts_of_roles(session, [role], task.organization_id), page_of(task))
