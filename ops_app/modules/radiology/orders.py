"""Orders for images and ECG: written at a visit, taken by the department, examined.

An order is a referral of the category imaging with one more row; its life is that of the referral. Devices
see it in their worklist under the number of `ops_app/modules/imaging/order_numbers.py`.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import age_years
from ops_app.mechanisms.service_request.transitions import move_to
from ops_app.modules.classifiers.queries import concept
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology.forms import OrderForm, TakeForm
from ops_app.modules.radiology.models import ImagingOrder
from ops_app.modules.radiology.titles import IONISING
from ops_app.modules.visits import referrals
from ops_app.modules.visits.forms import ReferralInput, ReferralMove
from ops_app.modules.visits.models import ServiceRequest
from ops_app.permissions import Permission

CHILDBEARING_AGES = range(12, 56)


def asks_for_pregnancy(patient: Patient, modality: str | None) -> bool:
    """Before ionising radiation a woman who may be pregnant is asked."""
    return (
        modality in IONISING
        and patient.sex == "female"
        and age_years(patient.birth_date, clock.today()) in CHILDBEARING_AGES
    )


def write_order(session: Session, actor: Actor, encounter_id: int, data: OrderForm, patient: Patient) -> ImagingOrder:
    """Order images or an ECG at a visit."""
    _check(session, patient, data)
    referral = ReferralInput(
        category="imaging",
        code=data.code,
        priority=data.priority,
        performer_organization_id=data.performer_organization_id,
        payer=data.payer,
        note=data.note,
    )
    try:
        request = referrals.write(session, actor, encounter_id, referral, data.reason_icd10)
    except Invalid as refused:
        # The referral's fields are named by their row on the form of a visit.
        raise Invalid(refused.message, field=(refused.field or "").removeprefix("referrals-0-") or None) from None
    order = ImagingOrder(
        service_request_id=request.id,
        patient_id=request.patient_id,
        modality=data.modality,
        body_part=data.body_part,
        laterality=data.laterality,
        pregnancy=data.pregnancy if asks_for_pregnancy(patient, data.modality) else None,
        is_contrast=data.is_contrast,
        contrast_risks=data.contrast_risks,
    )
    return _keep(session, actor, order, None)


def _check(session: Session, patient: Patient, data: OrderForm) -> None:
    if data.body_part is None and data.modality not in ("ECG", "OT"):
        raise Invalid(_("Choose what is examined"), field="body_part")
    if data.reason_icd10 is not None:
        found = concept(session, "icd10", data.reason_icd10)
        if found is None or not found.is_selectable:
            raise Invalid(_("There is no such code in ICD-10"), field="reason_icd10")
    _check_pregnancy(patient, data.modality, data.pregnancy, data.note)
    if data.is_contrast and not data.contrast_risks and not data.no_contrast_risks:
        raise Invalid(
            _("Ask about allergy to contrast, kidneys, thyroid and metformin, or tick that there is nothing"),
            field="contrast_risks",
        )


def _check_pregnancy(patient: Patient, modality: str | None, answer: str | None, note: str | None) -> None:
    if not asks_for_pregnancy(patient, modality):
        return
    if answer is None:
        raise Invalid(_("Ask whether she may be pregnant: the examination uses ionising radiation"), field="pregnancy")
    if answer != "no" and not note:
        raise Invalid(_("Write in the note why it cannot wait or be replaced in pregnancy"), field="note")


def order_of(session: Session, request_id: int) -> ImagingOrder | None:
    """What an order says besides its referral."""
    return session.scalar(select(ImagingOrder).where(ImagingOrder.service_request_id == request_id))


def arrived(session: Session, actor: Actor, request: ServiceRequest, data: TakeForm) -> ImagingOrder:
    """The person has come; what the referral left open is said now."""
    _check_department(actor, request)
    if request.status not in ("active", "scheduled"):
        raise Conflict(_("This order is not waiting any more"))
    patient = session.get_one(Patient, request.patient_id)
    order = order_of(session, request.id)
    before = audit.snapshot(order) if order else None
    if order is None:
        if data.modality is None:
            raise Invalid(_("Choose the kind of examination"), field="modality")
        order = ImagingOrder(service_request_id=request.id, patient_id=request.patient_id, modality=data.modality)
        order.body_part = data.body_part
    elif order.arrived_at is not None:
        raise Conflict(_("The arrival is noted already"))
    if order.pregnancy is None and asks_for_pregnancy(patient, order.modality):
        _check_pregnancy(patient, order.modality, data.pregnancy, request.note)
        order.pregnancy = data.pregnancy
    order.arrived_at, order.arrived_by = clock.now(), actor.login
    return _keep(session, actor, order, before)


def performed(session: Session, actor: Actor, request: ServiceRequest) -> ImagingOrder:
    """The images are made or the ECG is taken: the request waits for its reading now."""
    _check_department(actor, request)
    order = order_of(session, request.id)
    if order is None or order.arrived_at is None:
        raise Conflict(_("Note the arrival first"))
    if order.performed_at is not None:
        raise Conflict(_("The examination is noted already"))
    _begin(session, actor, request)
    before = audit.snapshot(order)
    order.performed_at, order.performed_by = clock.now(), actor.login
    return _keep(session, actor, order, before)


def _begin(session: Session, actor: Actor, request: ServiceRequest) -> None:
    if move_to(request.status, "in_progress", ("performer",)):
        referrals.move(session, actor, request.id, ReferralMove(to="in_progress", version=request.row_xid))


def complete(session: Session, actor: Actor, request: ServiceRequest, result: str) -> None:
    """The report is finished: so is what was asked for; a request that was closed before stays as it is."""
    if request.entered_in_error_at is not None or request.status in ("completed", "cancelled"):
        return
    _begin(session, actor, request)
    session.refresh(request)
    referrals.move(
        session, actor, request.id, ReferralMove(to="completed", version=request.row_xid, result=result[:10_000])
    )


def _check_department(actor: Actor, request: ServiceRequest) -> None:
    if not actor.scope(Permission.RADIOLOGY_ORDER_PERFORM).allows(referrals.performer_id(request)):
        raise Forbidden(_("This order is addressed to another organisation"))
    if request.category != "imaging" or request.entered_in_error_at is not None:
        raise Conflict(_("This is no order for images"))


def _keep(session: Session, actor: Actor, order: ImagingOrder, before: dict[str, object] | None) -> ImagingOrder:
    session.add(order)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="radiology.imaging_order",
        entity_id=order.id,
        patient_id=order.patient_id,
        before=before,
        after=audit.snapshot(order),
    )
    return order
