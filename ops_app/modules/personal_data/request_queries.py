"""Every SELECT about requests, acts and disclosures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.audit.models import Event
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.personal_data.models import DestructionAct, Disclosure, SubjectRequest
from ops_app.permissions import Permission


def request_or_404(session: Session, actor: Actor, request_id: int) -> SubjectRequest:
    """A request to an organisation of the actor."""
    scope = actor.scope(Permission.PERSONAL_DATA_REQUEST_REGISTER)
    row = session.get(SubjectRequest, request_id)
    if row is None or not scope.allows(row.organization_id):
        raise NotFound(_("There is no such request"))
    return row


def locked(session: Session, actor: Actor, request_id: int) -> SubjectRequest:
    """A request that nobody else may decide until the commit."""
    row = request_or_404(session, actor, request_id)
    session.refresh(row, with_for_update=True)
    return row


def was_changed(session: Session, row: SubjectRequest) -> bool:
    """Whether somebody changed the person's data since the request was registered."""
    records = record_ids(session, row.patient_id)
    changed = exists().where(
        Event.patient_id.in_(records),
        Event.kind == "write",
        Event.at >= row.registered_at,
        Event.entity.not_like("personal_data.%"),
    )
    return bool(session.scalar(select(changed)))


def overdue(session: Session, today: dt.date) -> Sequence[SubjectRequest]:
    """Requests without an answer whose last day has passed and of which nobody was told today."""
    return session.scalars(
        select(SubjectRequest)
        .where(
            SubjectRequest.state == "received",
            SubjectRequest.due_on < today,
            or_(SubjectRequest.told_overdue_on.is_(None), SubjectRequest.told_overdue_on < today),
        )
        .order_by(SubjectRequest.id)
    ).all()


def waiting(session: Session, actor: Actor) -> int:
    """How many requests wait for an answer of the actor's organisations."""
    scope = actor.scope(Permission.PERSONAL_DATA_REQUEST_REGISTER)
    statement = select(func.count()).where(
        SubjectRequest.state == "received", scope.condition(SubjectRequest.organization_id)
    )
    return session.scalar(statement) or 0


def disclosures_of(session: Session, records: Sequence[int]) -> Sequence[Disclosure]:
    """Who was given the data of a person, newest first."""
    return session.scalars(
        select(Disclosure).where(Disclosure.patient_id.in_(records)).order_by(Disclosure.id.desc())
    ).all()


def requests_of(session: Session, records: Sequence[int]) -> Sequence[SubjectRequest]:
    """What a person asked."""
    return session.scalars(
        select(SubjectRequest).where(SubjectRequest.patient_id.in_(records)).order_by(SubjectRequest.id.desc())
    ).all()


def act_for(session: Session, patient_id: int) -> DestructionAct | None:
    """The act about a person that is not executed yet."""
    return session.scalar(
        select(DestructionAct).where(DestructionAct.patient_id == patient_id, DestructionAct.executed_at.is_(None))
    )


def access_log(session: Session, records: Sequence[int], limit: int) -> Sequence[Event]:
    """Who opened or changed the data of a person, newest first."""
    return session.scalars(
        select(Event).where(Event.patient_id.in_(records)).order_by(Event.id.desc()).limit(limit)
    ).all()
