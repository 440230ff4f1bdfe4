"""Ordering images and ECG, the worklist of the department, one order."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.episodes.queries import open_pregnancy
from ops_app.modules.imaging.order_numbers import accession_number
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organizations, practitioner_names
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.radiology import orders, queries
from ops_app.modules.radiology import titles as words
from ops_app.modules.radiology.doses import year_total
from ops_app.modules.radiology.forms import OrderForm, TakeForm, WorklistFilter
from ops_app.modules.radiology.permissions import (
    OrderPerformer,
    OrderWriter,
    StudyReader,
    open_request,
)
from ops_app.modules.radiology.study_view import study_title
from ops_app.modules.visits import forms as visit_forms
from ops_app.modules.visits.models import Encounter, ServiceRequest
from ops_app.modules.visits.queries import encounter_or_404, rows_of
from ops_app.modules.visits.referrals import performer_id, referral_or_404
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter(include_in_schema=False)

WORDS: dict[str, Any] = {
    "modalities": words.MODALITY_TITLES,
    "body_parts": words.BODY_PART_TITLES,
    "sides": dict(words.SIDES),
    "pregnancies": dict(words.PREGNANCIES),
    "steps": words.STEPS,
    "step_colours": words.STEP_COLOURS,
    "priorities": dict(visit_forms.PRIORITIES),
}


@router.get("/visits/{encounter_id}/images/new", name="radiology:new_order")
def new_order(request: Request, actor: OrderWriter, db: Db, encounter_id: int) -> Response:
    """The form of an order, with the diagnosis of the visit."""
    encounter = encounter_or_404(db, encounter_id)
    access = open_patient(db, actor, encounter.patient_id, Permission.VISITS_RECORD_WRITE)
    diagnoses = [row for row in rows_of(db, [encounter_id])["condition"] if row.entered_in_error_at is None]
    main = next((row.icd10 for row in diagnoses if row.type == "main"), None)
    known: dict[str, Any] = {"reason_icd10": main, "payer": encounter.payer, "priority": "routine"}
    if open_pregnancy(db, person(db, access).records) is not None:
        known["pregnancy"] = "pregnant"
    return _order_form(request, db, access, encounter, blank(known))


def _order_form(
    request: Request, db: Session, access: PatientAccess, encounter: Encounter, form: Form[Any], status_code: int = 200
) -> Response:
    who = person(db, access)
    patient = db.get_one(Patient, access.patient_id)
    rows = list(queries.exposures(db, who.records))
    total, unknown = year_total(rows)
    code_titles = titles(db, [("icd10", form.text("reason_icd10")), ("service", form.text("code"))])
    return card_page(
        request,
        db,
        access,
        "radiology/new_order.html",
        "images",
        who=who,
        status_code=status_code,
        encounter=encounter,
        form=form,
        modality_choices=words.MODALITIES,
        body_part_choices=words.BODY_PARTS,
        side_choices=words.SIDES,
        pregnancy_choices=words.PREGNANCIES,
        may_be_pregnant=orders.asks_for_pregnancy(patient, "DX"),
        ionising=" ".join(words.IONISING),
        payers=visit_forms.PAYERS,
        priority_choices=visit_forms.PRIORITIES,
        place_choices=[(place.id, local_name(place)) for place in organizations(db, external=True)],
        icd10_title=code_titles.get(("icd10", form.text("reason_icd10")), ""),
        service_title=code_titles.get(("service", form.text("code")), ""),
        dose_total=total,
        dose_unknown=unknown,
        dose_count=len(rows),
    )


@router.post("/visits/{encounter_id}/images", name="radiology:write_order")
def write_order(request: Request, actor: OrderWriter, db: Db, encounter_id: int, posted: PostedForm) -> Response:
    """Write an order at a visit."""
    encounter = encounter_or_404(db, encounter_id)
    access = open_patient(db, actor, encounter.patient_id, Permission.VISITS_RECORD_WRITE)
    form = posted.check(OrderForm)
    if form.value is not None:
        patient = db.get_one(Patient, encounter.patient_id)
        try:
            with db.begin_nested():
                order = orders.write_order(db, actor, encounter_id, form.value, patient)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("radiology:order", request_id=order.service_request_id))
            return redirect(request, url, _("The order is sent"))
    return _order_form(request, db, access, encounter, form, 422)


@router.get("/radiology/worklist", name="radiology:worklist")
def worklist(request: Request, actor: OrderPerformer, db: Db, paging: Paging) -> Response:
    """Orders addressed to the department, by kind, day and step."""
    form = Posted(request.query_params).check(WorklistFilter)
    asked, scope = form.value or WorklistFilter(), actor.scope(Permission.RADIOLOGY_ORDER_PERFORM)
    # a scanner types the number and Enter: the order opens as if it had been chosen
    if asked.q and (scanned := queries.order_by_number(db, scope, asked.q)):
        return redirect(request, request.app.url_path_for("radiology:order", request_id=scanned))
    found = fetch_page(
        db,
        queries.worklist(scope, asked),
        paging,
        sortable={"at": ServiceRequest.event_at},
        default=[queries.URGENCY, ServiceRequest.event_at, ServiceRequest.id],
    )
    requests = [row.ServiceRequest for row in found.items]
    audit.read_many(db, actor, {row.Patient.id for row in found.items}, rule="radiology_worklist")
    if "step" not in form.raw:
        form.raw["step"] = asked.step
    return page(
        request,
        "radiology/worklist.html",
        status_code=422 if form.errors else 200,
        found=found,
        form=form,
        full_name=full_name,
        step_of=queries.step_of,
        accession_number=accession_number,
        studies=queries.studies_of_requests(db, [each.id for each in requests]),
        recordings=queries.recordings_of_requests(db, [each.id for each in requests]),
        requesters=practitioner_names(db, [each.practitioner_id for each in requests]),
        modality_choices=words.MODALITIES,
        step_choices=[
            ("open", _("not read yet")),
            *((key, _(title)) for key, title in words.STEPS.items()),
            ("all", _("all")),
        ],
        code_titles=titles(db, [("service", each.code) for each in requests]),
        **WORDS,
    )


@router.get("/radiology/orders/{request_id}", name="radiology:order")
def order(request: Request, actor: StudyReader, db: Db, request_id: int) -> Response:
    """An order: what is asked, where it stands, its images and what they showed."""
    found = referral_or_404(db, request_id)
    return _order_page(request, db, open_request(db, actor, found), found, blank())


def _order_page(
    request: Request, db: Session, access: PatientAccess, found: ServiceRequest, form: Form[Any], status_code: int = 200
) -> Response:
    actor = access.actor
    details = orders.order_of(db, found.id)
    patient = db.get_one(Patient, found.patient_id)
    studies = queries.studies_of_requests(db, [found.id]).get(found.id, [])
    recordings = queries.recordings_of_requests(db, [found.id]).get(found.id, [])
    own = actor.scope(Permission.RADIOLOGY_ORDER_PERFORM).allows(performer_id(found))
    reports = [each for each in queries.final_reports(db, [found.patient_id]) if each.service_request_id == found.id]
    return card_page(
        request,
        db,
        access,
        "radiology/order.html",
        "images",
        status_code=status_code,
        order=found,
        details=details,
        step=queries.step_of(found, details),
        accession=accession_number(found.id),
        form=form,
        studies=studies,
        recordings=recordings,
        reports=reports,
        study_title=study_title,
        performer=db.get(Organization, performer_id(found)),
        requester=practitioner_names(db, [found.practitioner_id]).get(found.practitioner_id or 0, ""),
        code_titles=titles(db, [("service", found.code), ("icd10", found.reason_icd10)]),
        may_perform=own and found.entered_in_error_at is None,
        may_bring=own and actor.may(Permission.IMAGING_STUDY_WRITE) and found.entered_in_error_at is None,
        modality_choices=words.MODALITIES,
        body_part_choices=words.BODY_PARTS,
        pregnancy_choices=words.PREGNANCIES,
        asks_pregnancy=orders.asks_for_pregnancy(patient, details.modality if details else "DX")
        and (details is None or details.pregnancy is None),
        **WORDS,
    )


@router.post("/radiology/orders/{request_id}/arrived", name="radiology:arrived")
def arrived(request: Request, actor: OrderPerformer, db: Db, request_id: int, posted: PostedForm) -> Response:
    """The person has come."""
    found = referral_or_404(db, request_id)
    access = open_request(db, actor, found)
    form = posted.check(TakeForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                orders.arrived(db, actor, found, form.value)
        except OpsError as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            return _back(request, request_id, _("The arrival is noted"))
    return _order_page(request, db, access, found, form, 422)


@router.post("/radiology/orders/{request_id}/performed", name="radiology:performed")
def performed(request: Request, actor: OrderPerformer, db: Db, request_id: int) -> Response:
    """The examination is done."""
    found = referral_or_404(db, request_id)
    open_request(db, actor, found)
    orders.performed(db, actor, found)
    return _back(request, request_id, _("The examination is noted; it waits to be read"))


def _back(request: Request, request_id: int, text: str) -> Response:
    return redirect(request, str(request.app.url_path_for("radiology:order", request_id=request_id)), text)


def waiting(session: Session, actor: Actor) -> int:
    """What the navigation and the start page show beside the worklist."""
    to_read = actor.may(Permission.RADIOLOGY_REPORT_WRITE)
    return queries.count_waiting(session, actor.scope(Permission.RADIOLOGY_ORDER_PERFORM), to_read=to_read)
