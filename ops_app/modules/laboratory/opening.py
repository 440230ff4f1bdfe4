"""Opening the person behind an order: the laboratory it is addressed to may, and so may whoever cares for him."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.laboratory import queries
from ops_app.modules.laboratory.models import LabOrder
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission

RULE = "laboratory_order"
"""The rule that lets a laboratory see whom an order to it names."""


def is_laboratory(actor: Actor, order: LabOrder) -> bool:
    """Whether the actor works in the laboratory of the order."""
    return actor.scope(Permission.LABORATORY_WORK_DO).allows(order.laboratory_id)


def open_order(session: Session, actor: Actor, order_id: int) -> tuple[LabOrder, PatientAccess]:
    """An order with its person."""
    order = queries.order_or_404(session, order_id)
    rule = RULE if is_laboratory(actor, order) else None
    return order, open_patient(session, actor, order.patient_id, Permission.LABORATORY_SPECIMEN_COLLECT, rule=rule)
