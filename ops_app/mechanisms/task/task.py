"""Opening tasks and closing them by their evidence.

``task.open(session, KIND, subject="laboratory_result:55", organization_id=…)`` where the need arises,
``task.settle(session, KIND, "laboratory_result:55", evidence=…)`` where it is met. What is met elsewhere
the kind's ``resolved_if`` finds: the background job asks it for every open task.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.mechanisms.task import owners
from ops_app.mechanisms.task.kind import TaskKind, declared
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.mechanisms.task.notices import WAITS

ENTITY = "worklist.task"


def page_of(task: Task) -> str:
    """The page of a task."""
    return f"/tasks/{task.id}"


def open(
    session: Session,
    kind: TaskKind,
    *,
    subject: str,
    organization_id: int,
    patient_id: int | None = None,
    owner_practitioner_id: int | None = None,
    owner_role: str | None = None,
    also: Iterable[int] = (),
    due_at: dt.datetime | None = None,
    detail: Mapping[str, Any] | None = None,
    actor: Actor | None = None,
) -> Task:
    """Open a task and tell its owners; the one that is open already for this kind and subject is returned as it is."""
    now = clock.now()
    due = due_at or now + kind.deadline
    made = session.scalar(
        insert(Task)
        .values(
            kind=kind.name,
            subject=subject,
            patient_id=patient_id,
            organization_id=organization_id,
            owner_practitioner_id=owner_practitioner_id,
            owner_role=owner_role or kind.owner_role,
            also_practitioner_ids=sorted(set(also) - {owner_practitioner_id}),
            opened_at=now,
            due_at=due,
            severity=kind.severity,
            detail=audit.plain(detail or {}),
            next_step_at=due + kind.escalation[0][0] if kind.escalation else None,
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject"], index_where=text("state = 'open'"))
        .returning(Task.id)
    )
    if made is None:
        return session.scalars(_open_one(kind, subject)).one()
    task = session.get_one(Task, made)
    note(session, actor, task, "opened")
    audit.changed(session, actor, entity=ENTITY, entity_id=task.id, patient_id=patient_id, after=audit.snapshot(task))
    notify(session, kind.notice or WAITS, owners.accounts_of(session, task), page_of(task))
    return task


def settle(
    session: Session, kind: TaskKind, subject: str, *, evidence: str | None = None, actor: Actor | None = None
) -> bool:
    """Close the open task of a subject because it is done; False where none is open."""
    task = session.scalar(_open_one(kind, subject).with_for_update())
    if task is None:
        return False
    close(session, actor, task, "done", evidence)
    return True


def withdraw(session: Session, kind: TaskKind, subject: str, *, reason: str, actor: Actor | None = None) -> bool:
    """Take the open task of a subject off because it should not be there; False where none is open."""
    task = session.scalar(_open_one(kind, subject).with_for_update())
    if task is None:
        return False
    close(session, actor, task, "withdrawn", reason)
    return True


def settled(session: Session, kind: TaskKind, subject: str, evidence: str) -> Task | None:
    """The newest task of a subject that this evidence closed, locked; whoever takes the evidence back needs it."""
    closed = select(Task).where(
        Task.kind == kind.name, Task.subject == subject, Task.state == "done", Task.evidence == evidence
    )
    return session.scalar(closed.order_by(Task.id.desc()).limit(1).with_for_update())


def resolve(session: Session, task: Task, actor: Actor | None = None) -> bool:
    """Close a task if its evidence has come; whether it has."""
    kind = declared().get(task.kind)
    if kind is None or kind.resolved_if is None or task.state != "open":
        return False
    found = kind.resolved_if(session, task)
    task.checked_at = clock.now()
    if found is None:
        return False
    close(session, actor, task, "done", found)
    return True


def close(session: Session, actor: Actor | None, task: Task, state: str, evidence: str | None) -> None:
    """End a task; no further step of its escalation follows."""
    before = audit.snapshot(task)
    task.state, task.evidence, task.next_step_at = state, evidence, None
    task.closed_at, task.closed_by = clock.now(), actor.login if actor else audit.SYSTEM
    note(session, actor, task, state, code=evidence)
    changed(session, actor, task, before)


def changed(session: Session, actor: Actor | None, task: Task, before: dict[str, Any]) -> None:
    """Write a change of a task and its audit row."""
    session.flush()
    audit.changed(
        session,
        actor,
        entity=ENTITY,
        entity_id=task.id,
        patient_id=task.patient_id,
        before=before,
        after=audit.snapshot(task),
    )


def note(
    session: Session,
    actor: Actor | None,
    task: Task,
    action: str,
    *,
    to_practitioner_id: int | None = None,
    code: str | None = None,
    text: str | None = None,
) -> None:
    """Add a step to the history of a task."""
    session.add(
        TaskEvent(
            task_id=task.id,
            at=clock.now(),
            action=action,
            by_login=actor.login if actor else audit.SYSTEM,
            by_name=actor.display_name if actor else None,
            to_practitioner_id=to_practitioner_id,
            code=code,
            note=text,
        )
    )


def _open_one(kind: TaskKind, subject: str) -> Any:
    return select(Task).where(Task.kind == kind.name, Task.subject == subject, Task.state == "open")
