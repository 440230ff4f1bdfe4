"""What waits behind the lines of the navigation."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.laboratory import queries
from ops_app.modules.laboratory.models import LabOrder, Report, Specimen
from ops_app.permissions import Permission


def waiting_tests(session: Session, actor: Actor) -> int:
    """Tests to be measured or confirmed."""
    return queries.waiting_count(session, actor.scope(Permission.LABORATORY_WORK_DO))


def waiting_reports(session: Session, actor: Actor) -> int:
    """Reports nobody assigned."""
    return session.scalar(select(func.count()).select_from(Report).where(Report.state == "unmatched")) or 0


def waiting_tubes(session: Session, actor: Actor) -> int:
    """Tubes that are taken and not sent."""
    scope = actor.scope(Permission.LABORATORY_SPECIMEN_COLLECT)
    return (
        session.scalar(
            select(func.count())
            .select_from(Specimen)
            .join(LabOrder, LabOrder.id == Specimen.order_id)
            .where(scope.condition(LabOrder.organization_id), Specimen.status == "collected")
            .where(Specimen.sheet_id.is_(None))
        )
        or 0
    )
