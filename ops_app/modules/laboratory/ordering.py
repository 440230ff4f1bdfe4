"""Orders: made from referrals or registered in the laboratory, split into tubes and workplaces, changed, cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task import task
from ops_app.modules.classifiers.versions import offered_on
from ops_app.modules.episodes.plans import gestation
from ops_app.modules.episodes.queries import open_pregnancy
from ops_app.modules.laboratory import numbers, queries
from ops_app.modules.laboratory.forms import ChangeForm, OrderForm
from ops_app.modules.laboratory.models import LabOrder, OrderChange, OrderService, Result, Service, Specimen
from ops_app.modules.laboratory.ranges import trimester_of
from ops_app.modules.laboratory.task_kinds import RETAKE, tube_subject
from ops_app.modules.patients.queries import live_death, patient_or_404, record_ids, standing_for
from ops_app.modules.visits import performing
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Permission


def order_tests(session: Session, actor: Actor, patient_id: int, data: OrderForm, organization_id: int) -> LabOrder:
    """Order tests for a person; each service becomes a referral too, so that the card and other systems see it."""
    _check_may_order(actor, data.laboratory_id, organization_id)
    if data.reason_icd10 and not offered_on(session, "icd10", [data.reason_icd10], clock.today()):
        raise Invalid(_("There is no such code in ICD-10"), field="reason_icd10")
    services = _services(session, data.services)
    order = _new_order(session, actor, patient_id, data, organization_id)
    for service in services.values():
        request = ServiceRequest(
            patient_id=order.patient_id,
            organization_id=organization_id,
            practitioner_id=order.practitioner_id,
            encounter_id=data.encounter_id,
            event_at=order.ordered_at,
            known_at=order.ordered_at,
            recorded_by=actor.login,
            category="laboratory",
            code=service.code,
            priority=data.priority,
            performer_organization_id=data.laboratory_id,
            reason_icd10=data.reason_icd10,
            payer=data.payer,
            note=data.note,
        )
        session.add(request)
        session.flush()
        _log(session, actor, "visits.service_request", request, order.patient_id)
        _add_service(session, order, service, request.id)
    _log(session, actor, "laboratory.lab_order", order, order.patient_id)
    return order


def order_referrals(session: Session, actor: Actor, requests: Sequence[ServiceRequest], laboratory_id: int) -> LabOrder:
    """Make one order of laboratory referrals of one person that were written at visits or came from outside."""
    if not requests:
        raise Invalid(_("Choose at least one referral"))
    first = requests[0]
    if len({request.patient_id for request in requests}) > 1:
        raise Conflict(_("These referrals are of different people"))
    services = _services(session, [request.code or "" for request in requests])
    taken = session.scalars(
        select(OrderService.service_request_id).where(
            OrderService.service_request_id.in_([request.id for request in requests])
        )
    ).all()
    if taken:
        raise Conflict(_("An order was made of this referral already"))
    _check_may_order(actor, laboratory_id, first.organization_id)
    urgent = [request.priority for request in requests]
    data = OrderForm(
        services=list(services),
        laboratory_id=laboratory_id,
        priority="emergency" if "emergency" in urgent else "urgent" if "urgent" in urgent else "routine",
        reason_icd10=first.reason_icd10,
        encounter_id=first.encounter_id,
        note=first.note,
    )
    order = _new_order(session, actor, first.patient_id, data, first.organization_id)
    order.ordered_at, order.practitioner_id, order.payer = first.event_at, first.practitioner_id, first.payer
    for request in requests:
        request.performer_organization_id = laboratory_id
        _add_service(session, order, services[request.code or ""], request.id)
    _log(session, actor, "laboratory.lab_order", order, order.patient_id)
    return order


def _check_may_order(actor: Actor, laboratory_id: int, organization_id: int) -> None:
    as_requester = actor.scope(Permission.LABORATORY_ORDER_WRITE).allows(organization_id)
    as_laboratory = actor.scope(Permission.LABORATORY_WORK_DO).allows(laboratory_id)
    if not (as_requester or as_laboratory):
        raise Forbidden(_("You may not order tests for this organisation"))


def _services(session: Session, codes: Sequence[str]) -> Mapping[str, Service]:
    found = queries.services_by_code(session, codes)
    for code in codes:
        if code not in found:
            raise Invalid(_("The laboratory does not do the service %(code)s", code=code or "—"), field="services")
    return {code: found[code] for code in dict.fromkeys(codes)}


def _new_order(session: Session, actor: Actor, patient_id: int, data: OrderForm, organization_id: int) -> LabOrder:
    patient_id = standing_for(session, patient_id)
    patient = patient_or_404(session, patient_id)
    if patient.entered_in_error_at is not None:
        raise Conflict(_("This record is marked as an error"))
    records = record_ids(session, patient_id)
    if live_death(session, records) is not None:
        raise Conflict(_("The person died; no tests can be ordered"))
    if data.laboratory_id not in {place.id for place in queries.laboratories(session)}:
        raise Invalid(_("This organisation has no laboratory"), field="laboratory_id")
    pregnancy = open_pregnancy(session, records)
    weeks = gestation(pregnancy.lmp_date, clock.today())[0] if pregnancy and pregnancy.lmp_date else None
    order = LabOrder(
        patient_id=patient_id,
        organization_id=organization_id,
        laboratory_id=data.laboratory_id,
        practitioner_id=None if data.requester_text else actor.practitioner_id,
        requester_text=data.requester_text,
        encounter_id=data.encounter_id,
        priority=data.priority,
        reason_icd10=data.reason_icd10,
        trimester=trimester_of(weeks) if weeks is not None else 0 if pregnancy else None,
        payer=data.payer,
        note=data.note,
        ordered_at=clock.now(),
        recorded_by=actor.login,
    )
    session.add(order)
    session.flush()
    order.order_number = numbers.order_number(order.id)
    session.flush()
    return order


def _add_service(session: Session, order: LabOrder, service: Service, request_id: int | None) -> OrderService:
    row = OrderService(
        order_id=order.id,
        service_id=service.id,
        service_request_id=request_id,
        specimen_id=specimen_for(session, order, service).id,
        workplace_id=queries.workplace_for(session, order.laboratory_id, service.id),
    )
    session.add(row)
    session.flush()
    return row


def specimen_for(session: Session, order: LabOrder, service: Service) -> Specimen:
    """The tube of the order that fits the service; a new one when there is none."""
    present = queries.specimens_of(session, order.id)
    for specimen in present:
        same = (specimen.specimen_type, specimen.container) == (service.specimen_type, service.container)
        if same and specimen.status != "rejected":
            return specimen
    return new_specimen(session, order, service.specimen_type, service.container, len(present) + 1)


def new_specimen(
    session: Session, order: LabOrder, specimen_type: str, container: str, index: int, retake_of: int | None = None
) -> Specimen:
    """A tube that is still to be filled."""
    specimen = Specimen(
        order_id=order.id,
        barcode=numbers.specimen_barcode(order.order_number or "", index),
        specimen_type=specimen_type,
        container=container,
        retake_of_id=retake_of,
    )
    session.add(specimen)
    session.flush()
    return specimen


def change_service(session: Session, actor: Actor, order_service_id: int, data: ChangeForm) -> OrderService:
    """Put an interchangeable service in the place of an ordered one, or add it; the change is kept with its reason."""
    row = queries.order_service_or_404(session, order_service_id)
    order = queries.locked_order(session, row.order_id)
    session.refresh(row)
    if not actor.scope(Permission.LABORATORY_WORK_DO).allows(order.laboratory_id):
        raise Forbidden(_("This order belongs to another laboratory"))
    old = session.get_one(Service, row.service_id)
    new = next((each for each in queries.interchangeable(session, old) if each.code == data.service), None)
    if new is None:
        raise Invalid(_("This service is not interchangeable with the ordered one"), field="service")
    present = {service.id for line, service in queries.services_of(session, order.id) if line.status != "replaced"}
    if new.id in present:
        raise Conflict(_("The order holds this service already"))
    if data.kind == "replaced":
        if session.scalar(select(Result.id).where(Result.order_service_id == row.id).limit(1)) is not None:
            raise Conflict(_("Results were entered for this service; remove them first"))
        row.status = "replaced"
    added = _add_service(session, order, new, row.service_request_id)
    tube = session.get(Specimen, added.specimen_id) if added.specimen_id else None
    if tube is not None and tube.status == "received":
        added.status = "in_progress"
    keep_change(session, actor, order, data.kind, old.id, new.id, data.reason)
    return added


def add_reflex(session: Session, actor: Actor, order: LabOrder, service: Service, why: str) -> OrderService:
    """Add a service that a result asks for."""
    added = _add_service(session, order, service, None)
    tube = session.get_one(Specimen, added.specimen_id)
    if tube.status == "received":
        added.status = "in_progress"
    keep_change(session, actor, order, "reflex", None, service.id, why)
    return added


def keep_change(
    session: Session, actor: Actor, order: LabOrder, kind: str, old_id: int | None, new_id: int, reason: str
) -> None:
    """Log a change of an order."""
    change = OrderChange(
        order_id=order.id,
        kind=kind,
        old_service_id=old_id,
        new_service_id=new_id,
        reason=reason,
        changed_by=actor.login,
    )
    session.add(change)
    session.flush()
    _log(session, actor, "laboratory.order_change", change, order.patient_id)


def cancel_order(session: Session, actor: Actor, order_id: int, reason: str) -> LabOrder:
    """Give up an order nothing was measured for; its referrals end too."""
    order = queries.locked_order(session, order_id)
    may = actor.scope(Permission.LABORATORY_ORDER_WRITE).allows(order.organization_id)
    may = may or actor.scope(Permission.LABORATORY_WORK_DO).allows(order.laboratory_id)
    if not may:
        raise Forbidden(_("This order belongs to another organisation"))
    lines = queries.services_of(session, order.id)
    told = select(Result.id).where(
        Result.order_service_id.in_([line.id for line, _service in lines]),
        Result.status.in_(("confirmed", "corrected")),
    )
    if order.status in ("completed", "cancelled") or session.scalar(told.limit(1)) is not None:
        raise Conflict(_("Results of this order are confirmed or it is cancelled already"))
    before = audit.snapshot(order)
    order.status, order.cancel_reason = "cancelled", reason
    for line, _service in lines:
        line.status = "cancelled"
        if line.service_request_id is not None:
            performing.cancel(session, actor, line.service_request_id, reason)
    for tube in queries.specimens_of(session, order.id):
        task.withdraw(session, RETAKE, tube_subject(tube), reason="order_cancelled", actor=actor)
    session.flush()
    _log(session, actor, "laboratory.lab_order", order, order.patient_id, before)
    return order


def _log(
    session: Session,
    actor: Actor,
    entity: str,
    row: LabOrder | ServiceRequest | OrderChange,
    patient_id: int,
    before: dict[str, object] | None = None,
) -> None:
    audit.changed(
        session, actor, entity=entity, entity_id=row.id, patient_id=patient_id, before=before, after=audit.snapshot(row)
    )
