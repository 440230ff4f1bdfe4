"""Reactions to transfusions: reported at their time, looked into until somebody concludes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.choices import listed
from ops_app.kit.dates import DateInput, TimeInput
from ops_app.mechanisms.task import task
from ops_app.modules.laboratory.blood import log_change, transfusion_or_404
from ops_app.modules.laboratory.blood_titles import IMPUTABILITIES, REACTIONS, SEVERITIES
from ops_app.modules.laboratory.forms import Line, Reason
from ops_app.modules.laboratory.models import Transfusion, TransfusionReaction
from ops_app.modules.laboratory.task_kinds import REACTION, SERIOUS_WITHIN, reaction_subject
from ops_app.permissions import Permission

Imputability = Annotated[str, listed(IMPUTABILITIES)]


class ReactionForm(BaseModel):
    """What happened during a transfusion or after it, and when it began."""

    kind: Annotated[str, listed(REACTIONS)]
    severity: Annotated[str, listed(SEVERITIES)]
    imputability: Imputability
    signs: Reason
    treatment: Line | None = None
    date: DateInput
    time: TimeInput


class ConclusionForm(BaseModel):
    """What looking into a reaction showed."""

    imputability: Imputability
    conclusion: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000)]


def report_reaction(session: Session, actor: Actor, transfusion_id: int, data: ReactionForm) -> TransfusionReaction:
    """Keep a reaction; whoever gave the unit has to find out what it was."""
    transfusion = transfusion_or_404(session, transfusion_id)
    if not actor.scope(Permission.LABORATORY_TRANSFUSION_WRITE).allows(transfusion.organization_id):
        raise Forbidden(_("This transfusion belongs to another organisation"))
    at = clock.from_local(data.date, data.time)
    if at > clock.now():
        raise Invalid(_("This moment lies in the future"), field="time")
    # both are told to the minute
    if at < transfusion.started_at.replace(second=0, microsecond=0):
        raise Invalid(_("The transfusion began later"), field="time")
    row = TransfusionReaction(
        transfusion_id=transfusion_id,
        started_at=at,
        recorded_by=actor.login,
        **data.model_dump(exclude={"date", "time"}),
    )
    session.add(row)
    session.flush()
    log_change(session, actor, "laboratory.transfusion_reaction", row, transfusion.patient_id)
    task.open(
        session,
        REACTION,
        subject=reaction_subject(row.id),
        organization_id=transfusion.organization_id,
        patient_id=transfusion.patient_id,
        owner_practitioner_id=transfusion.practitioner_id,
        due_at=None if row.severity == "mild" else clock.now() + SERIOUS_WITHIN,
        detail={"kind": row.kind, "severity": row.severity, "started_at": row.started_at},
        actor=actor,
    )
    return row


def conclude(
    session: Session, actor: Actor, records: Sequence[int], reaction_id: int, data: ConclusionForm
) -> TransfusionReaction:
    """Say what a reaction was; this ends the task about it."""
    row, transfusion = reaction_or_404(session, records, reaction_id, lock=True)
    if not actor.scope(Permission.LABORATORY_REACTION_CONCLUDE).allows(transfusion.organization_id):
        raise Forbidden(_("This transfusion belongs to another organisation"))
    if row.concluded_at is not None:
        raise Conflict(_("The conclusion about this reaction is written already"))
    before = audit.snapshot(row)
    row.concluded_at, row.concluded_by = clock.now(), actor.login
    row.conclusion, row.concluded_imputability = data.conclusion, data.imputability
    session.flush()
    log_change(session, actor, "laboratory.transfusion_reaction", row, transfusion.patient_id, before)
    task.settle(
        session,
        REACTION,
        reaction_subject(row.id),
        evidence=f"laboratory.transfusion_reaction:{row.id}",
        actor=actor,
    )
    return row


def reaction_or_404(
    session: Session, records: Sequence[int], reaction_id: int, *, lock: bool = False
) -> tuple[TransfusionReaction, Transfusion]:
    """A reaction of these records and its transfusion; locked, until the commit nobody else concludes."""
    asked = (
        select(TransfusionReaction, Transfusion)
        .join(Transfusion, Transfusion.id == TransfusionReaction.transfusion_id)
        .where(TransfusionReaction.id == reaction_id, Transfusion.patient_id.in_(records))
    )
    found = session.execute(asked.with_for_update(of=TransfusionReaction) if lock else asked).one_or_none()
    if found is None:
        raise NotFound(_("There is no such reaction"))
    return found[0], found[1]


def reactions_of(session: Session, transfusion_ids: Sequence[int]) -> dict[int, list[TransfusionReaction]]:
    """Reactions by transfusion."""
    found: dict[int, list[TransfusionReaction]] = {}
    for row in session.scalars(
        select(TransfusionReaction)
        .where(TransfusionReaction.transfusion_id.in_(transfusion_ids))
        .order_by(TransfusionReaction.started_at, TransfusionReaction.id)
    ):
        found.setdefault(row.transfusion_id, []).append(row)
    return found
