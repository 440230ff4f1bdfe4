"""Recording a visit, reading it, adding to it, marking errors."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Conflict, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.guidance.checking import guidance_at_visit
from ops_app.modules.organizations.queries import organizations, place_of
from ops_app.modules.patients import fact_text
from ops_app.modules.patients.card import Person, card_page, person
from ops_app.modules.patients.fact_text import EVIDENCE_TITLES, Wording
from ops_app.modules.visits import corrections, form_page, queries, service
from ops_app.modules.visits.forms import AmendInput, ErrorMark, VisitInput
from ops_app.modules.visits.permissions import PatientVisitWriter, VisitReader, VisitWriter
from ops_app.modules.visits.posted_rows import check_rows
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import fragment, redirect

router = APIRouter()

Group = Literal["diagnoses", "services", "referrals", "prescriptions"]


@router.get("/patients/{patient_id}/visits/new", name="visits:new")
def new(request: Request, access: PatientVisitWriter, db: Db) -> Response:
    """The visit form with what is known filled in."""
    who = person(db, access)
    known = form_page.starting_values(db, access.actor, who.records, dict(request.query_params))
    return _form(request, db, access, blank(known), who)


def _form(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], who: Person, status_code: int = 200
) -> Response:
    return card_page(
        request,
        db,
        access,
        "visits/new.html",
        "timeline",
        who=who,
        status_code=status_code,
        place=place_of(db, access.actor),
        **form_page.context(db, access.actor, form, who),
    )


@router.get("/visit-rows/{group}", name="visits:row")
def row(request: Request, actor: VisitWriter, db: Db, group: Group, number: int = 0) -> Response:
    """One more empty row of a form."""
    number = max(0, min(number, 99))
    return fragment(
        request,
        "visits/_row.html",
        form=blank(),
        group=group,
        number=number,
        code_titles={},
        organizations=organizations(db, external=True) if group == "referrals" else [],
        **form_page.choices(),
    )


@router.post("/patients/{patient_id}/visits", name="visits:record")
def record(request: Request, access: PatientVisitWriter, db: Db, posted: PostedForm) -> Response:
    """Record the visit or show what is wrong with it."""
    form = check_rows(posted, VisitInput)
    place = place_of(db, access.actor)
    if form.value is not None:
        try:
            # What a late refusal had already written goes; the audit row of this page stays.
            with db.begin_nested():
                encounter = service.record_visit(db, access.actor, access.patient_id, form.value, place)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("visits:visit", encounter_id=encounter.id)
            return redirect(request, url, _("The visit is recorded"))
    who = person(db, access)
    return _form(request, db, access, form, who, 422)


@router.get("/visits/{encounter_id}", name="visits:visit")
def visit(request: Request, actor: VisitReader, db: Db, encounter_id: int) -> Response:
    """A visit with its rows, and a form to add to it."""
    encounter = queries.encounter_or_404(db, encounter_id)
    access = open_patient(db, actor, encounter.patient_id, Permission.VISITS_RECORD_READ)
    return _visit_page(request, db, access, encounter_id, blank({"version": encounter.row_xid}))


def _visit_page(
    request: Request, db: Session, access: PatientAccess, encounter_id: int, form: Form[Any], status_code: int = 200
) -> Response:
    who = person(db, access)
    encounter = queries.encounter_or_404(db, encounter_id)
    rows = queries.rows_of(db, [encounter_id])
    actor = access.actor
    own = actor.scope(Permission.VISITS_VITALS_WRITE).allows(encounter.organization_id)
    facts = [("encounter", encounter), *((kind, row) for kind, found in rows.items() for row in found)]
    return card_page(
        request,
        db,
        access,
        "visits/visit.html",
        "timeline",
        who=who,
        status_code=status_code,
        encounter=encounter,
        visit_rows=rows,
        words=Wording.of(db, facts),
        texts=fact_text,
        evidence_titles=EVIDENCE_TITLES,
        may_mark=own,
        may_add=own and encounter.entered_in_error_at is None and encounter.encounter_class != "inpatient",
        error_form=blank(),
        **guidance_at_visit(db, who.records, rows),
        **form_page.context(db, actor, form, who),
    )


@router.post("/visits/{encounter_id}", name="visits:amend")
def amend(request: Request, actor: VisitWriter, db: Db, encounter_id: int, posted: PostedForm) -> Response:
    """Add rows to a recorded visit."""
    encounter = queries.encounter_or_404(db, encounter_id)
    access = open_patient(db, actor, encounter.patient_id, Permission.VISITS_VITALS_WRITE)
    form = check_rows(posted, AmendInput)
    if form.value is not None:
        try:
            with db.begin_nested():
                service.amend_visit(db, actor, encounter_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
            if isinstance(refused, Conflict):
                # Below stands the newest state; adding again is then a new decision.
                form.raw["version"] = queries.encounter_or_404(db, encounter_id).row_xid
        else:
            url = request.app.url_path_for("visits:visit", encounter_id=encounter_id)
            return redirect(request, url, _("Added to the visit"))
    return _visit_page(request, db, access, encounter_id, form, 422)


@router.post("/visits/{encounter_id}/error", name="visits:mark_in_error")
def mark_in_error(request: Request, actor: VisitWriter, db: Db, encounter_id: int, posted: PostedForm) -> Response:
    """Mark the whole visit as entered in error."""
    encounter = queries.encounter_or_404(db, encounter_id)
    access = open_patient(db, actor, encounter.patient_id, Permission.VISITS_VITALS_WRITE)
    form = posted.check(ErrorMark)
    if form.value is None:
        url = request.app.url_path_for("visits:visit", encounter_id=encounter_id)
        return redirect(request, url, _("Say why in at least five letters"), "warning")
    corrections.mark_visit_in_error(db, actor, encounter_id, form.value.reason)
    url = request.app.url_path_for("patients:card", patient_id=access.patient_id)
    return redirect(request, url, _("The visit is marked as an error"))


@router.get("/visit-rows/{kind}/{row_id}/error", name="visits:error_form")
def error_form(request: Request, actor: VisitWriter, db: Db, kind: str, row_id: int) -> Response:
    """Ask why a row is wrong."""
    return _error_page(request, db, actor, kind, row_id, blank())


def _error_page(
    request: Request, db: Session, actor: Actor, kind: str, row_id: int, form: Form[Any], status_code: int = 200
) -> Response:
    row: Any = queries.row_or_404(db, kind, row_id)
    access = open_patient(db, actor, row.patient_id, Permission.VISITS_VITALS_WRITE)
    words = Wording.of(db, [(kind, row)])
    tellers = {
        "condition": fact_text.diagnosis,
        "observation": fact_text.observation,
        "procedure": fact_text.service,
        "medication_request": fact_text.prescription,
        "service_request": lambda row, words: fact_text.referral(row, words, ""),
    }
    told = tellers[kind](row, words) if kind in tellers else _(fact_text.KIND_TITLES[kind])
    back = (
        request.app.url_path_for("visits:visit", encounter_id=row.encounter_id)
        if row.encounter_id
        else request.app.url_path_for("patients:card", patient_id=row.patient_id)
    )
    return card_page(
        request,
        db,
        access,
        "visits/error.html",
        "timeline",
        status_code=status_code,
        form=form,
        kind=kind,
        row_id=row_id,
        told=told,
        back=str(back),
    )


@router.post("/visit-rows/{kind}/{row_id}/error", name="visits:mark_row")
def mark_row(request: Request, actor: VisitWriter, db: Db, kind: str, row_id: int, posted: PostedForm) -> Response:
    """Mark one row as entered in error."""
    form = posted.check(ErrorMark)
    if form.value is None:
        return _error_page(request, db, actor, kind, row_id, form, 422)
    row: Any = queries.row_or_404(db, kind, row_id)
    open_patient(db, actor, row.patient_id, Permission.VISITS_VITALS_WRITE)
    corrections.mark_row_in_error(db, actor, kind, row_id, form.value.reason)
    back = (
        request.app.url_path_for("visits:visit", encounter_id=row.encounter_id)
        if row.encounter_id
        else request.app.url_path_for("patients:card", patient_id=row.patient_id)
    )
    return redirect(request, back, _("The row is marked as an error"))
