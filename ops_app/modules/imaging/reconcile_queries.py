"""What waits for somebody to say whose it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.modules.imaging.models import Instance, InstanceConflict, Reconciliation, Series, Study
from ops_app.permissions import Permission


def waiting_studies(scope: Scope) -> Select[Study]:
    """Studies of a scope that belong to nobody yet."""
    return select(Study).where(
        Study.match_state != "matched", Study.state == "available", scope.condition(Study.organization_id)
    )


def waiting_copies(session: Session, scope: Scope) -> Sequence[tuple[InstanceConflict, Study]]:
    """Objects that came with other bytes under a known UID."""
    rows = session.execute(
        select(InstanceConflict, Study)
        .join(Instance, Instance.id == InstanceConflict.instance_id)
        .join(Series, Series.id == Instance.series_id)
        .join(Study, Study.id == Series.study_id)
        .where(InstanceConflict.decision.is_(None), scope.condition(Study.organization_id))
        .order_by(InstanceConflict.received_at.desc())
        .limit(100)
    )
    return [(conflict, study) for conflict, study in rows]


def count_waiting(session: Session, actor: Actor) -> int:
    """What the navigation shows."""
    scope = actor.scope(Permission.IMAGING_STUDY_RECONCILE)
    return session.scalar(select(func.count()).select_from(waiting_studies(scope).subquery())) or 0


def series_of(session: Session, study_id: int) -> Sequence[tuple[Series, str | None]]:
    """Series of a study with an object of each that may be looked at."""
    first = (
        select(func.min(Instance.sop_uid))
        .where(Instance.series_id == Series.id, Instance.kind == "image")
        .correlate(Series)
        .scalar_subquery()
    )
    rows = session.execute(select(Series, first).where(Series.study_id == study_id).order_by(Series.number, Series.id))
    return [(row[0], row[1]) for row in rows]


def newest_decision(session: Session, study_id: int) -> int | None:
    """The decision about a study that can be taken back."""
    return session.scalar(
        select(func.max(Reconciliation.id)).where(
            Reconciliation.study_id == study_id, Reconciliation.undone_at.is_(None)
        )
    )


def history_of(session: Session, study_id: int) -> Sequence[Reconciliation]:
    """Decisions about a study, newest first."""
    return session.scalars(
        select(Reconciliation).where(Reconciliation.study_id == study_id).order_by(Reconciliation.id.desc())
    ).all()
