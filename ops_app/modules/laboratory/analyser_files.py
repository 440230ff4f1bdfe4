"""Files that analysers send with their values: a histogram, a report as PDF."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.laboratory.models import LabOrder, Report, ResultFile
from ops_app.modules.laboratory.opening import is_laboratory


def may_see_files(actor: Actor, order: LabOrder) -> bool:
    """Outside the laboratory nobody sees values that nobody has confirmed, and a file holds all of them."""
    return is_laboratory(actor, order) or order.status == "completed"


def files_of(session: Session, actor: Actor, order: LabOrder) -> Sequence[ResultFile]:
    """Files of the reports that answer an order, in the order they came."""
    if not may_see_files(actor, order):
        return []
    return session.scalars(
        select(ResultFile)
        .join(Report, Report.id == ResultFile.report_id)
        .where(Report.order_id == order.id, Report.state == "matched")
        .order_by(ResultFile.id)
    ).all()
