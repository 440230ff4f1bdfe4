"""Marking rows as entered in error; nothing clinical is ever deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.episodes import service as episodes
from ops_app.modules.visits import queries
from ops_app.modules.visits.models import Encounter
from ops_app.modules.visits.service import touch
from ops_app.permissions import Permission


def mark_visit_in_error(session: Session, actor: Actor, encounter_id: int, reason: str) -> Encounter:
    """Mark a visit and all its rows; steps it completed wait again."""
    encounter = queries.locked_encounter(session, encounter_id)
    _check(actor, encounter)
    for rows in queries.rows_of(session, [encounter_id]).values():
        for row in rows:
            if row.entered_in_error_at is None:
                mark(session, actor, row, reason)
    mark(session, actor, encounter, reason)
    episodes.reopen_steps(session, actor, encounter_id)
    plan_refresh.refresh(session, actor, encounter.patient_id)
    return encounter


def mark_row_in_error(session: Session, actor: Actor, kind: str, row_id: int, reason: str) -> Any:
    """Mark one diagnosis, observation, service, referral, prescription or vaccination."""
    row: Any = queries.row_or_404(session, kind, row_id)
    _check(actor, row)
    mark(session, actor, row, reason)
    if row.encounter_id is not None:
        touch(session, queries.encounter_or_404(session, row.encounter_id))
        if kind == "procedure" and row.programme:
            # The screening was not done after all; another service of the visit may still prove it.
            others = queries.rows_of(session, [row.encounter_id])["procedure"]
            if not any(other.programme == row.programme and other.entered_in_error_at is None for other in others):
                episodes.reopen_steps(session, actor, row.encounter_id, row.programme)
    plan_refresh.refresh(session, actor, row.patient_id)
    return row


def _check(actor: Actor, row: Any) -> None:
    if row.entered_in_error_at is not None:
        raise Conflict(_("It is already marked as an error"))
    own = row.recorded_by == actor.login and actor.may(Permission.VISITS_VITALS_WRITE)
    if not own and not actor.scope(Permission.VISITS_RECORD_WRITE).allows(row.organization_id):
        raise Forbidden(_("An error is marked by whoever wrote the row or by a doctor of that organisation"))


def mark(session: Session, actor: Actor, row: Any, reason: str) -> None:
    """Mark one row as entered in error, by whom and why."""
    before = audit.snapshot(row)
    row.entered_in_error_at = clock.now()
    row.entered_in_error_by, row.entered_in_error_reason = actor.login, reason
    session.flush()
    audit.changed(
        session,
        actor,
        entity=f"visits.{row.__tablename__}",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
