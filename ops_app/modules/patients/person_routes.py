"""Pages about one person's identity: passport part, attachment, a stated reason."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Forbidden, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.access.queries import opening_scopes
from ops_app.modules.classifiers.queries import concept, title
from ops_app.modules.patients import attachment, queries, service
from ops_app.modules.patients.access import AccessRule
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.forms import (
    DOCUMENT_TYPES,
    END_REASONS,
    END_TITLES,
    KINDS,
    RELATIONS,
    SEXES,
    AttachmentForm,
    EditForm,
    NewbornForm,
    ReasonForm,
)
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.permissions import IdentityReader, IdentityWriter, PatientFinder
from ops_app.modules.patients.routes import form_choices, place_title
from ops_app.modules.person_facts import queries as person_facts
from ops_app.modules.person_facts.choices import RELATIONS as RELATION_TITLES
from ops_app.modules.personal_data.queries import representatives_of
from ops_app.modules.personal_data.titles import RELATIONS as REPRESENTATIVE_TITLES
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

PASSPORT_FIELDS = (
    "iin",
    "family_name",
    "given_name",
    "patronymic",
    "birth_date",
    "sex",
    "citizenship",
    "document_type",
    "document_number",
    "phone",
    "address_line",
    "kato_code",
)


@router.get("/patients/{patient_id}/identity", name="patients:identity")
def identity(request: Request, access: IdentityReader, db: Db) -> Response:
    """The passport part, attachments and linked records."""
    patient = access.patient
    who = person(db, access)
    attachments = queries.attachments(db, who.records)
    place = concept(db, "kato", patient.kato_code) if patient.kato_code else None
    return card_page(
        request,
        db,
        access,
        "patients/identity.html",
        "person",
        who=who,
        person=patient,
        kinds=dict(KINDS),
        documents=dict(DOCUMENT_TYPES),
        end_reasons=END_TITLES,
        attachments=attachments,
        serving=queries.current_serving_site(db, who.records),
        place=title(place) if place else patient.kato_code,
        sections=person_facts.sections(db, who.records),
        kin=person_facts.named_elsewhere(db, patient, who.records),
        relation_titles=dict(RELATION_TITLES),
        representatives=representatives_of(db, who.records),
        representative_titles=REPRESENTATIVE_TITLES,
        links=queries.links_of(db, access.patient_id),
        reason_form=blank(),
    )


@router.get("/patients/{patient_id}/edit", name="patients:edit")
def edit(request: Request, access: IdentityWriter, db: Db) -> Response:
    """The passport part as a form."""
    patient = access.patient
    known: dict[str, Any] = {name: getattr(patient, name) for name in PASSPORT_FIELDS}
    known |= {"kind": patient.identity_status, "version": patient.row_xid}
    if patient.mother_id:
        mother = queries.patient_or_404(db, patient.mother_id)
        known["mother"] = mother.iin or mother.temporary_id
    return _edit_page(request, db, access, blank(known), patient)


def _edit_page(
    request: Request,
    db: Session,
    access: Any,
    form: Form[Any],
    patient: Patient,
    status_code: int = 200,
    existing: Patient | None = None,
    stored: dict[str, str] | None = None,
) -> Response:
    return card_page(
        request,
        db,
        access,
        "patients/edit.html",
        "person",
        status_code=status_code,
        form=form,
        person=patient,
        existing=existing,
        stored=stored or {},
        number_note=None,
        kato_title=place_title(db, form),
        **form_choices(db, access.actor, None),
    )


@router.post("/patients/{patient_id}/edit", name="patients:edit_post")
def edit_post(request: Request, access: IdentityWriter, db: Db, posted: PostedForm) -> Response:
    """Save the passport part, or show what stands in the way."""
    form = posted.check(EditForm)
    patient = access.patient
    existing: Patient | None = None
    stored: dict[str, str] = {}
    if form.value is not None:
        try:
            with db.begin_nested():
                service.edit(db, access.actor, access.patient_id, form.value)
        except service.ChangedMeanwhile as refused:
            form.refuse(refused)
            stored = _stored_values(patient, form)
            # Saving again is then a decision made with the newest values in sight.
            form.raw["version"] = patient.row_xid
        except service.AlreadyRegistered as refused:
            form.refuse(refused)
            existing = queries.patient_or_404(db, refused.patient_id)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("patients:identity", patient_id=access.patient_id)
            return redirect(request, url, _("Saved"))
    return _edit_page(request, db, access, form, patient, 422, existing, stored)


def _stored_values(patient: Patient, form: Form[Any]) -> dict[str, str]:
    newest: Form[Any] = blank({name: getattr(patient, name) for name in PASSPORT_FIELDS})
    return {name: newest.text(name) or "—" for name in PASSPORT_FIELDS if newest.text(name) != form.text(name)}


@router.post("/patients/{patient_id}/error", name="patients:mark_in_error")
def mark_in_error(request: Request, access: IdentityWriter, db: Db, posted: PostedForm) -> Response:
    """Take a record out of use."""
    form = posted.check(ReasonForm)
    url = request.app.url_path_for("patients:identity", patient_id=access.patient_id)
    if form.value is None:
        return redirect(request, url, _("Say why in at least five letters"), "warning")
    service.mark_patient_in_error(db, access.actor, access.patient_id, form.value.reason)
    return redirect(request, url, _("Marked as an error"))


@router.get("/patients/{patient_id}/newborn", name="patients:newborn")
def newborn(request: Request, access: IdentityWriter, db: Db) -> Response:
    """A child just born, by its mother's data."""
    return _newborn_page(request, db, access, blank({"birth_date": "today"}))


def _newborn_page(request: Request, db: Session, access: Any, form: Form[Any], status_code: int = 200) -> Response:
    born = queries.children(db, access.records)
    return card_page(
        request,
        db,
        access,
        "patients/newborn.html",
        "person",
        status_code=status_code,
        form=form,
        sexes=SEXES,
        children=born,
        mother=access.patient,
        full_name=full_name,
    )


@router.post("/patients/{patient_id}/newborn", name="patients:register_newborn")
def register_newborn(request: Request, access: IdentityWriter, db: Db, posted: PostedForm) -> Response:
    """Register the child and open its page."""
    form = posted.check(NewbornForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                child = service.register_newborn(db, access.actor, access.patient_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("patients:identity", patient_id=child.id)
            return redirect(request, url, _("Registered"))
    return _newborn_page(request, db, access, form, 422)


@router.get("/patients/{patient_id}/attachment", name="patients:attachment")
def attachment_form(request: Request, access: IdentityWriter, db: Db) -> Response:
    """A form for a new attachment or serving site."""
    return _attachment_page(request, db, access, blank({"relation": "attached", "start_date": "today"}))


def _attachment_page(request: Request, db: Session, access: Any, form: Form[Any], status_code: int = 200) -> Response:
    chosen = form.text("organization_id")
    choices = form_choices(db, access.actor, int(chosen) if chosen.isdigit() else None)
    return card_page(
        request,
        db,
        access,
        "patients/attachment.html",
        "person",
        status_code=status_code,
        form=form,
        end_reasons=END_REASONS,
        **(choices | {"relations": RELATIONS}),
    )


@router.post("/patients/{patient_id}/attachment", name="patients:attach")
def attach(request: Request, access: IdentityWriter, db: Db, posted: PostedForm) -> Response:
    """Attach the person or take over the care."""
    form = posted.check(AttachmentForm)
    if form.value is not None:
        data = form.value
        try:
            with db.begin_nested():
                place = (data.organization_id, data.site_id, data.start_date)
                if data.relation == "attached":
                    attachment.attach(db, access.actor, access.patient_id, *place, data.end_reason)
                else:
                    attachment.serve(db, access.actor, access.patient_id, *place)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("patients:identity", patient_id=access.patient_id)
            return redirect(request, url, _("Saved"))
    return _attachment_page(request, db, access, form, 422)


def _local_path(target: str | None, otherwise: str) -> str:
    is_local = bool(target) and str(target).startswith("/") and not str(target).startswith("//")
    return str(target) if is_local and "\\" not in str(target) else otherwise


@router.get("/patients/{patient_id}/reason", name="patients:state_reason")
def state_reason(request: Request, actor: PatientFinder, db: Db, patient_id: int, next: str = "") -> Response:
    """Ask why a card outside one's own organisations must be opened; nothing of the person is shown."""
    queries.patient_or_404(db, patient_id)
    _may_state_reasons(db, actor)
    return page(request, "patients/reason.html", form=blank({"next": next}), patient_id=patient_id)


def _may_state_reasons(session: Session, actor: Actor) -> None:
    if AccessRule.STATED_REASON not in opening_scopes(session, actor, Permission.PATIENTS_IDENTITY_READ):
        raise Forbidden(
            _("The permission map of your organisation does not let your role open cards with a reason"),
            advice=_(
                "If the care of this person needs it, ask a colleague who treats the person, or the chief physician."
            ),
        )


@router.post("/patients/{patient_id}/reason", name="patients:state_reason_post")
def state_reason_post(request: Request, actor: PatientFinder, db: Db, patient_id: int, posted: PostedForm) -> Response:
    """Record the reason and open the card for one shift."""
    form = posted.check(ReasonForm)
    if form.value is None:
        return page(request, "patients/reason.html", form=form, patient_id=patient_id, status_code=422)
    _may_state_reasons(db, actor)
    service.state_reason(db, actor, patient_id, form.value.reason)
    name = "patients:card" if actor.may(Permission.PATIENTS_CARD_READ) else "patients:identity"
    card = str(request.app.url_path_for(name, patient_id=patient_id))
    return redirect(request, _local_path(form.value.next, card))
