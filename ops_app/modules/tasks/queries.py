"""Every SELECT about tasks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task.kind import declared
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.modules.organizations import queries as organizations
from ops_app.modules.organizations.models import Practitioner, PractitionerRole
from ops_app.modules.patients.models import Patient
from ops_app.modules.tasks.forms import ListFilter
from ops_app.permissions import Permission


def _named(actor: Actor) -> ColumnElement[bool]:
    if actor.practitioner_id is None:
        return false()
    return or_(
        Task.owner_practitioner_id == actor.practitioner_id,
        Task.also_practitioner_ids.contains([actor.practitioner_id]),
    )


def _own(actor: Actor) -> ColumnElement[bool]:
    """Given to the actor, or to a role he holds there while nobody is named, or passed up to it."""
    by_role = [
        and_(
            grant.scope.condition(Task.organization_id),
            or_(
                and_(Task.owner_practitioner_id.is_(None), Task.owner_role == grant.role),
                Task.told_roles.contains([grant.role]),
            ),
        )
        for grant in actor.grants
    ]
    return or_(_named(actor), *by_role)


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Given to the actor by name, or of a kind and a place that his permissions let him see."""
    kinds: dict[Permission, list[str]] = {}
    for kind in declared().values():
        kinds.setdefault(kind.permission, []).append(kind.name)
    by_scope = [
        and_(Task.kind.in_(names), actor.scope(permission).condition(Task.organization_id))
        for permission, names in kinds.items()
        if actor.may(permission)
    ]
    return or_(_named(actor), *by_scope)


def tasks(actor: Actor, asked: ListFilter) -> Select[Task, Patient]:
    """Tasks with the person each is about."""
    person = select(Task, Patient).outerjoin(Patient, Patient.id == Task.patient_id)
    statement = person.where(_visible(actor))
    if asked.whose == "own":
        statement = statement.where(_own(actor))
    statement = statement.where(Task.state == "open" if asked.state == "open" else Task.state != "open")
    if asked.kind:
        statement = statement.where(Task.kind == asked.kind)
    if asked.late:
        statement = statement.where(Task.due_at < clock.now())
    return statement


URGENCY = (Task.severity.desc(), Task.due_at, Task.id)
"""Red before amber, then the nearest deadline."""


def most_urgent(session: Session, actor: Actor, limit: int) -> Sequence[Row[Task, Patient]]:
    """The actor's own open tasks, the most urgent first."""
    return session.execute(tasks(actor, ListFilter()).order_by(*URGENCY).limit(limit)).all()


def count_own(session: Session, actor: Actor) -> int:
    """How many open tasks are the actor's."""
    statement = select(func.count()).select_from(Task).where(Task.state == "open", _visible(actor), _own(actor))
    return session.scalar(statement) or 0


def counts(session: Session, actor: Actor, asked: ListFilter) -> Sequence[Row[str, int, int]]:
    """For each kind how many open tasks there are, and how many of them are late."""
    late = func.count().filter(Task.due_at < clock.now())
    chosen = tasks(actor, asked.model_copy(update={"kind": None, "late": False, "state": "open"}))
    return session.execute(
        chosen.with_only_columns(Task.kind, func.count(), late).group_by(Task.kind).order_by(Task.kind)
    ).all()


def task_or_404(session: Session, actor: Actor, task_id: int) -> tuple[Task, Patient | None]:
    """A task the actor may see, with its person."""
    row = session.execute(
        select(Task, Patient)
        .outerjoin(Patient, Patient.id == Task.patient_id)
        .where(Task.id == task_id, _visible(actor))
    ).first()
    if row is None:
        raise NotFound(_("There is no such task on your lists"))
    return row.Task, row.Patient


def history(session: Session, task_id: int) -> Sequence[TaskEvent]:
    """What happened to a task, oldest first."""
    return session.scalars(select(TaskEvent).where(TaskEvent.task_id == task_id).order_by(TaskEvent.id)).all()


def colleagues(session: Session, task: Task) -> Sequence[Row[Practitioner, PractitionerRole]]:
    """To whom a task may be handed over: who works in its organisation today."""
    organization = organizations.organization_of(session, task.organization_id)
    return organizations.practitioners_of(session, [organization.id if organization else task.organization_id])
