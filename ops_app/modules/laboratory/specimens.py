"""The way of a tube: taken, sent with a sheet, accepted or rejected, taken again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task import task
from ops_app.modules.laboratory import numbers, queries
from ops_app.modules.laboratory.forms import CollectForm, RejectForm, SheetForm
from ops_app.modules.laboratory.models import DeliverySheet, LabOrder, OrderService, Specimen
from ops_app.modules.laboratory.ordering import new_specimen
from ops_app.modules.laboratory.task_kinds import NOT_DONE, RETAKE, tube_subject
from ops_app.modules.visits import performing
from ops_app.permissions import Permission

FUTURE = dt.timedelta(minutes=10)
LATEST_DELIVERY = dt.timedelta(days=31)
"""No material keeps longer; a day beyond it is a slip of the hand."""
URGENT = dt.timedelta(hours=1)
"""Until when the material of an urgent order is taken again."""


def _locked(session: Session, specimen_id: int) -> tuple[Specimen, LabOrder]:
    specimen = queries.specimen_or_404(session, specimen_id)
    order = queries.locked_order(session, specimen.order_id)
    session.refresh(specimen)
    if order.status == "cancelled":
        raise Conflict(_("This order is cancelled"))
    return specimen, order


def may_collect(actor: Actor, order: LabOrder) -> bool:
    """Whether the actor takes material for this order: where it was ordered, or in the laboratory."""
    scope = actor.scope(Permission.LABORATORY_SPECIMEN_COLLECT)
    return scope.allows(order.organization_id) or scope.allows(order.laboratory_id)


def collect(session: Session, actor: Actor, data: CollectForm) -> None:
    """Material was taken into these tubes."""
    at = clock.from_local(data.date, data.time)
    if at > clock.now() + FUTURE:
        raise Invalid(_("This moment lies in the future"), field="time")
    for specimen_id in data.specimens:
        specimen, order = _locked(session, specimen_id)
        if not may_collect(actor, order):
            raise Forbidden(_("You may not take material for this order"))
        if at < order.ordered_at - FUTURE and order.requester_text is None:
            raise Invalid(_("The material was taken before the order was written"), field="time")
        if specimen.status != "planned":
            raise Conflict(_("This tube was filled already"))
        before = audit.snapshot(specimen)
        specimen.status, specimen.collected_at, specimen.collected_by = "collected", at, actor.login
        _log(session, actor, specimen, order, before)
        _taken(session, actor, specimen)


def send(session: Session, actor: Actor, data: SheetForm, organization_id: int) -> DeliverySheet:
    """Send tubes with an accompanying sheet that names the day of delivery."""
    if data.delivery_date < clock.today():
        raise Invalid(_("This day has passed"), field="delivery_date")
    if data.delivery_date > clock.today() + LATEST_DELIVERY:
        raise Invalid(_("This day is more than a month ahead; look at the year"), field="delivery_date")
    sheet = DeliverySheet(
        organization_id=organization_id,
        laboratory_id=data.laboratory_id,
        delivery_date=data.delivery_date,
        courier=data.courier,
        sent_at=clock.now(),
        sent_by=actor.login,
    )
    session.add(sheet)
    session.flush()
    for specimen_id in data.specimens:
        specimen, order = _locked(session, specimen_id)
        if not may_collect(actor, order):
            raise Forbidden(_("You may not send material of this order"))
        if order.laboratory_id != data.laboratory_id:
            raise Conflict(_("Order %(number)s goes to another laboratory", number=order.order_number))
        if specimen.status != "collected":
            raise Conflict(_("Tube %(barcode)s is not ready to be sent", barcode=specimen.barcode))
        before = audit.snapshot(specimen)
        specimen.status, specimen.sent_at, specimen.sheet_id = "sent", sheet.sent_at, sheet.id
        _log(session, actor, specimen, order, before)
    audit.changed(session, actor, entity="laboratory.delivery_sheet", entity_id=sheet.id, after=audit.snapshot(sheet))
    return sheet


def receive(session: Session, actor: Actor, specimen_id: int) -> Specimen:
    """Accept a tube in the laboratory; the first of an order gives it its number there."""
    specimen, order = _locked(session, specimen_id)
    if not actor.scope(Permission.LABORATORY_WORK_DO).allows(order.laboratory_id):
        raise Forbidden(_("This order belongs to another laboratory"))
    if specimen.status not in ("planned", "collected", "sent"):
        raise Conflict(_("This tube was accepted or rejected already"))
    now = clock.now()
    before = audit.snapshot(specimen)
    if specimen.collected_at is None:
        # brought by the patient, or taken in the laboratory itself
        specimen.collected_at, specimen.collected_by = now, actor.login
    specimen.status, specimen.received_at, specimen.received_by = "received", now, actor.login
    if order.lab_number is None:
        order.lab_number = numbers.next_lab_number(session, order.laboratory_id, clock.today())
    order.status = "in_progress"
    for line in _lines(session, specimen.id):
        if line.status == "ordered":
            line.status = "in_progress"
        if line.service_request_id is not None:
            performing.begin(session, actor, line.service_request_id)
    _log(session, actor, specimen, order, before)
    _taken(session, actor, specimen)
    return specimen


def _taken(session: Session, actor: Actor, specimen: Specimen) -> None:
    """Nobody has to take this tube any more."""
    task.settle(session, RETAKE, tube_subject(specimen), evidence=f"laboratory.specimen:{specimen.id}", actor=actor)


def reject(session: Session, actor: Actor, specimen_id: int, data: RejectForm) -> Specimen | None:
    """Reject material; when it is to be taken again, give the tube for that, with the services moved to it."""
    specimen, order = _locked(session, specimen_id)
    in_laboratory = actor.scope(Permission.LABORATORY_WORK_DO).allows(order.laboratory_id)
    if not (in_laboratory or may_collect(actor, order)):
        raise Forbidden(_("You may not reject material of this order"))
    if specimen.status == "rejected":
        raise Conflict(_("This tube was rejected already"))
    if specimen.status == "received" and not in_laboratory:
        raise Conflict(_("The laboratory accepted this tube; only it can reject it now"))
    lines = _lines(session, specimen.id)
    if any(line.status in ("partial", "entered", "confirmed") for line in lines):
        raise Conflict(_("Results were measured from this tube"))
    before = audit.snapshot(specimen)
    receiving = specimen.status in ("sent", "received")
    specimen.status = "rejected"
    specimen.rejected_at, specimen.rejected_by = clock.now(), actor.login
    specimen.reject_stage = "receiving" if receiving else "sending"
    specimen.reject_reason, specimen.reject_note, specimen.needs_retake = data.reason, data.note, data.retake
    again = None
    if data.retake:
        index = len(queries.specimens_of(session, order.id)) + 1
        again = new_specimen(session, order, specimen.specimen_type, specimen.container, index, specimen.id)
    for line in lines:
        if again is not None:
            line.specimen_id, line.status = again.id, "ordered"
        else:
            line.status = "cancelled"
            if line.service_request_id is not None:
                performing.cancel(session, actor, line.service_request_id, _("The material was rejected"))
    _log(session, actor, specimen, order, before)
    session.flush()
    # the tube that is rejected may itself have been the second one
    _taken(session, actor, specimen)
    _ask_for_another(session, actor, order, specimen, again)
    if again is None:
        _close_without_work(session, order)
    return again


def _ask_for_another(
    session: Session, actor: Actor, order: LabOrder, rejected: Specimen, again: Specimen | None
) -> None:
    """Who asked learns of it: a nurse is to take the material again, or the doctor that the test is given up."""
    task.open(
        session,
        RETAKE if again is not None else NOT_DONE,
        subject=tube_subject(again or rejected),
        patient_id=order.patient_id,
        organization_id=order.organization_id,
        owner_practitioner_id=order.practitioner_id if again is None else None,
        due_at=clock.now() + URGENT if order.priority != "routine" else None,
        detail={"order_id": order.id, "order_number": order.order_number, "reason": rejected.reject_reason},
        actor=actor,
    )


def _close_without_work(session: Session, order: LabOrder) -> None:
    states = [line.status for line, _service in queries.services_of(session, order.id)]
    if all(state in ("cancelled", "replaced") for state in states):
        order.status, order.cancel_reason = "cancelled", _("The material was rejected")
        session.flush()


def _lines(session: Session, specimen_id: int) -> list[OrderService]:
    return list(
        session.scalars(
            select(OrderService).where(
                OrderService.specimen_id == specimen_id, OrderService.status.not_in(("replaced", "cancelled"))
            )
        )
    )


def _log(session: Session, actor: Actor, specimen: Specimen, order: LabOrder, before: dict[str, Any]) -> None:
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.specimen",
        entity_id=specimen.id,
        patient_id=order.patient_id,
        before=before,
        after=audit.snapshot(specimen),
    )
