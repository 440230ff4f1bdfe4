"""What people do with a task: see it, take it over, hand it over, answer."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.mechanisms.task import owners
from ops_app.mechanisms.task.escalation import next_step
from ops_app.mechanisms.task.kind import declared
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.mechanisms.task.notices import HANDED_OVER
from ops_app.mechanisms.task.task import changed, close, note, page_of
from ops_app.mechanisms.undo import State, put_back

COMMENT = "comment"


def see(session: Session, actor: Actor, task: Task) -> None:
    """Note that somebody has opened a task for the first time."""
    seen = exists().where(TaskEvent.task_id == task.id, TaskEvent.by_login == actor.login, TaskEvent.action == "seen")
    if task.state == "open" and not session.scalar(select(seen)):
        note(session, actor, task, "seen")


def take_over(session: Session, actor: Actor, task_id: int) -> Task:
    """Become the one who does it; escalation waits once more for as long as the kind gives."""
    task = _open_task(session, task_id)
    if actor.practitioner_id is None:
        raise Conflict(_("Your account belongs to no member of staff, so it cannot own a task"))
    if task.owner_practitioner_id == actor.practitioner_id and task.taken_at is not None:
        return task
    before = audit.snapshot(task)
    if task.owner_practitioner_id is not None and task.owner_practitioner_id != actor.practitioner_id:
        # whoever owned it still sees it
        task.also_practitioner_ids = sorted({*task.also_practitioner_ids, task.owner_practitioner_id})
    task.owner_practitioner_id, task.taken_at = actor.practitioner_id, clock.now()
    task.next_step_at = next_step(task)
    note(session, actor, task, "taken")
    changed(session, actor, task, before)
    return task


def hand_over(session: Session, actor: Actor, task_id: int, practitioner_id: int, reason: str | None) -> Task:
    """Give a task to another member of staff and tell him."""
    task = _open_task(session, task_id)
    accounts = owners.accounts_of_people(session, [practitioner_id])
    if not accounts:
        raise Invalid(_("This person does not work with Saulyq"), field="practitioner_id")
    if practitioner_id == task.owner_practitioner_id:
        raise Invalid(_("The task is this person's already"), field="practitioner_id")
    before = audit.snapshot(task)
    task.owner_practitioner_id, task.taken_at = practitioner_id, None
    task.next_step_at = next_step(task)
    note(session, actor, task, "handed_over", to_practitioner_id=practitioner_id, text=reason)
    changed(session, actor, task, before)
    notify(session, HANDED_OVER, accounts, page_of(task))
    return task


def answer(session: Session, actor: Actor, task_id: int, code: str, text: str) -> Task:
    """Write down what was done or why it cannot be; answers the kind names close the task."""
    task = _open_task(session, task_id)
    kind = declared().get(task.kind)
    closing = kind is not None and code in kind.answers
    if code != COMMENT and not closing:
        raise Invalid(_("Choose one of the listed values"), field="code")
    note(session, actor, task, "answered", code=code, text=text)
    if closing:
        close(session, actor, task, "done", f"answer:{code}")
    else:
        audit.changed(
            session,
            actor,
            entity="worklist.task_event",
            entity_id=task.id,
            patient_id=task.patient_id,
            after={"action": "answered", "code": code},
        )
    return task


def restore(session: Session, actor: Actor, task_id: int, state: State) -> Task:
    """Put a task back to where it stood; what was done stays in its history, with the step back after it."""
    task = session.get_one(Task, task_id, with_for_update=True, populate_existing=True)
    before = audit.snapshot(task)
    put_back(task, state)
    if task.state == "open" and before["state"] != "open":
        twin = select(Task.id).where(
            Task.kind == task.kind, Task.subject == task.subject, Task.state == "open", Task.id != task.id
        )
        with session.no_autoflush:
            if session.scalar(twin) is not None:
                raise Conflict(_("A new task about this was opened meanwhile"))
    note(session, actor, task, "put_back")
    changed(session, actor, task, before)
    return task


def reopen(session: Session, actor: Actor, task: Task) -> None:
    """What closed a task was taken back: it waits again, until when it waited before."""
    before = audit.snapshot(task)
    task.state, task.evidence, task.closed_at, task.closed_by = "open", None, None, None
    task.next_step_at = next_step(task)
    note(session, actor, task, "put_back")
    changed(session, actor, task, before)


def _open_task(session: Session, task_id: int) -> Task:
    task = session.get_one(Task, task_id, with_for_update=True, populate_existing=True)
    if task.state != "open":
        raise Conflict(_("This task is closed already"))
    return task
