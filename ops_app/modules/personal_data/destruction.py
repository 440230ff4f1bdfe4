"""Writes about acts of destruction: drawn up by one officer, approved by another, executed by the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.jobs import queue
from ops_app.modules.documents import service as documents
from ops_app.modules.exchange import service as exchange
from ops_app.modules.imaging import keeping
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.name_index import forget_names
from ops_app.modules.patients.names import tokens_of
from ops_app.modules.patients.queries import record_ids, standing_for
from ops_app.modules.personal_data import request_queries, requests, storage
from ops_app.modules.personal_data.forms import ActForm
from ops_app.modules.personal_data.models import DestructionAct, SubjectRequest
from ops_app.permissions import Permission


def act_or_404(session: Session, actor: Actor, act_id: int) -> DestructionAct:
    """An act of an organisation of the actor."""
    row = session.get(DestructionAct, act_id)
    if row is None or not _reach(actor, row.organization_id):
        raise NotFound(_("There is no such act"))
    return row


def _reach(actor: Actor, organization_id: int) -> bool:
    permissions = (Permission.PERSONAL_DATA_REGISTER_READ, Permission.PERSONAL_DATA_DESTRUCTION_APPROVE)
    return any(actor.scope(permission).allows(organization_id) for permission in permissions)


def draw_up(session: Session, actor: Actor, request: SubjectRequest, form: ActForm) -> DestructionAct:
    """Draw up an act on demand of the person; the data are destroyed only after somebody else approves."""
    if request.kind != "destruction" or request.state != "received":
        raise Conflict(_("Only an open demand to destroy leads to an act"))
    patient_id = standing_for(session, request.patient_id)
    if form.ground == "term_ended":
        storage.refuse_before_term(session, patient_id, request.organization_id)
    return _draw(session, actor, request.organization_id, patient_id, form, request.number)


def draw_up_for_term(
    session: Session, actor: Actor, patient_id: int, organization_id: int, form: ActForm
) -> DestructionAct:
    """Draw up an act because the term of storage has ended, without a demand of the person."""
    storage.refuse_before_term(session, patient_id, organization_id)
    return _draw(session, actor, organization_id, patient_id, form, None)


def _draw(
    session: Session,
    actor: Actor,
    organization_id: int,
    patient_id: int,
    form: ActForm,
    request_number: str | None,
) -> DestructionAct:
    if request_queries.act_for(session, patient_id) is not None:
        raise Conflict(_("An act about this person waits already"))
    year = clock.today().year
    sequence = documents.next_number(session, "destruction_act", organization_id, year)
    row = DestructionAct(
        number=f"{year}-{sequence:05d}",
        organization_id=organization_id,
        patient_id=patient_id,
        records=record_ids(session, patient_id),
        request_number=request_number,
        ground=form.ground,
        finding=form.finding,
        drawn_at=clock.now(),
        drawn_by=actor.login,
    )
    session.add(row)
    session.flush()
    _log(session, actor, row, patient_id, {"number": row.number, "ground": row.ground, "finding": row.finding})
    return row


def execute(session: Session, actor: Actor, act: DestructionAct) -> dict[str, int]:
    """Approve an act somebody else drew up, and destroy: nothing of this can be undone."""
    session.refresh(act, with_for_update=True)
    if not actor.scope(Permission.PERSONAL_DATA_DESTRUCTION_APPROVE).allows(act.organization_id):
        raise Forbidden(_("This act belongs to another organisation"))
    if act.executed_at is not None or act.patient_id is None:
        raise Conflict(_("This act is executed already"))
    if act.drawn_by == actor.login:
        raise Forbidden(_("Whoever drew the act up does not approve it"))
    patient_id = act.patient_id
    if act.ground == "term_ended":
        storage.refuse_before_term(session, patient_id, act.organization_id)
    # a merge since then belongs to the same person
    act.records = record_ids(session, patient_id)
    act.approved_at, act.approved_by = clock.now(), actor.login
    _close_requests(session, actor, act)
    exchange.give_up_messages(session, actor, act.records, _("The data of the person are destroyed"))
    records = list(act.records)
    names = _names(session, records)
    studies = keeping.destroy(session, records, _numbers(session, records))
    for study_id in studies:
        # files cannot be rolled back, so they go only after this transaction is there to stay
        queue.enqueue(session, "imaging:unlink_destroyed", study_id=study_id)
    session.flush()
    counts: dict[str, int] = session.scalar(select(func.vault.destroy_person(act.id))) or {}
    forget_names(session.connection(), names)
    session.expire_all()
    _log(session, actor, act, None, {"approved_by": actor.login, "executed_at": dt.datetime.now(dt.UTC), **counts})
    return counts


def _close_requests(session: Session, actor: Actor, act: DestructionAct) -> None:
    for row in request_queries.requests_of(session, act.records):
        if row.state == "received":
            requests.close_destroyed(session, actor, row, _("Destroyed by act № %(number)s", number=act.number))


def _numbers(session: Session, records: Sequence[int]) -> list[str]:
    rows = session.execute(select(Patient.iin, Patient.temporary_id).where(Patient.id.in_(records)))
    return [number for row in rows for number in row if number]


def _names(session: Session, records: Sequence[int]) -> set[str]:
    statement = select(Patient.family_name, Patient.given_name, Patient.patronymic).where(Patient.id.in_(records))
    return {token for row in session.execute(statement) for token in tokens_of(row)}


def _log(session: Session, actor: Actor, row: DestructionAct, patient_id: int | None, after: dict[str, object]) -> None:
    audit.changed(
        session,
        actor,
        entity="personal_data.destruction_act",
        entity_id=row.id,
        patient_id=patient_id,
        after=after,
    )
