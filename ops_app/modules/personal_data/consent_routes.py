"""Pages about the consents of one person."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from ops_app.auth import Machine
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.exchange.service import check_credentials
from ops_app.modules.organizations.queries import organizations, place_of
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.personal_data import consents, queries
from ops_app.modules.personal_data.files import uploaded
from ops_app.modules.personal_data.forms import (
    CollectionForm,
    ConsentForm,
    ReceivedConsent,
    RepresentativeForm,
    WithdrawalForm,
)
from ops_app.modules.personal_data.permissions import ConsentKeeper, ConsentReader, ConsentWriter, FileReader
from ops_app.modules.personal_data.titles import FORMS, PURPOSES, RELATIONS, WAYS
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, redirect

router = APIRouter(include_in_schema=False)

CHOSEN_FORMS = ("paper", "electronic")


@router.get("/patients/{patient_id}/personal-data", name="personal_data:of_patient")
def of_patient(request: Request, access: ConsentReader, db: Db) -> Response:
    """Consents, representatives and sources of a person's data."""
    return _page(request, db, access, blank())


def _page(request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200) -> Response:
    who = person(db, access)
    collected = queries.collected(db, who.records)
    return card_page(
        request,
        db,
        access,
        "personal_data/of_patient.html",
        "consents",
        who=who,
        status_code=status_code,
        consents=queries.consents_of(db, who.records),
        holds=queries.holds_today,
        representatives=queries.representatives_of(db, who.records),
        collected=collected,
        way_of=queries.way_of,
        has_cabinet=queries.has_cabinet(db, access.patient_id),
        may_write=access.actor.may(Permission.PERSONAL_DATA_CONSENT_WRITE),
        may_inspect=access.actor.may(Permission.PERSONAL_DATA_REQUEST_DECIDE),
        may_request=access.actor.may(Permission.PERSONAL_DATA_REQUEST_REGISTER),
        purposes=PURPOSES,
        forms_of_consent=FORMS,
        relations=RELATIONS,
        ways=WAYS,
        form=form,
    )


@router.get("/patients/{patient_id}/consents/new", name="personal_data:new_consent")
def new_consent(request: Request, access: ConsentWriter, db: Db, purpose: str = "processing") -> Response:
    """The form of a consent."""
    known = {"purpose": purpose, "is_given": "yes", "form": "paper", "given_on": clock.today()}
    return _consent_page(request, db, access, blank(known))


def _consent_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200
) -> Response:
    who = person(db, access)
    speakers = [(0, _("the person"))]
    speakers += [
        (row.id, f"{row.name}, {_(RELATIONS[row.relation])}") for row in queries.representatives_of(db, who.records)
    ]
    visits = [
        (row.Encounter.id, f"{clock.local(row.Encounter.event_at):%d.%m.%Y}, {local_name(row.Organization)}")
        for row in queries.collected(db, who.records)
    ]
    return card_page(
        request,
        db,
        access,
        "personal_data/new_consent.html",
        "consents",
        who=who,
        status_code=status_code,
        form=form,
        speakers=speakers,
        visits=visits,
        purposes=PURPOSES,
        forms_of_consent={name: FORMS[name] for name in CHOSEN_FORMS},
        recipients=[(row.id, local_name(row)) for row in organizations(db, external=True)],
    )


@router.post("/patients/{patient_id}/consents/new", name="personal_data:record_consent")
def record_consent(request: Request, access: ConsentWriter, db: Db, posted: PostedForm) -> Response:
    """Record a consent."""
    form = posted.check(ConsentForm)
    if form.value is not None:
        try:
            place = place_of(db, access.actor)
            consents.record(db, access.actor, access.patient_id, place.organization.id, form.value, uploaded(posted))
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _back(request, access.patient_id, _("The consent is recorded"))
    return _consent_page(request, db, access, form, 422)


@router.get("/consents/{consent_id}/withdraw", name="personal_data:withdrawal")
def withdrawal(request: Request, actor: ConsentKeeper, db: Db, consent_id: int) -> Response:
    """Ask what a withdrawal rests on."""
    row = queries.consent_or_404(db, consent_id)
    access = open_patient(db, actor, row.patient_id, Permission.PERSONAL_DATA_CONSENT_WRITE)
    return _withdrawal_page(request, db, access, row, blank())


def _withdrawal_page(
    request: Request, db: Session, access: PatientAccess, row: Any, form: Form[Any], status_code: int = 200
) -> Response:
    return card_page(
        request,
        db,
        access,
        "personal_data/withdrawal.html",
        "consents",
        status_code=status_code,
        consent=row,
        form=form,
        purposes=PURPOSES,
    )


@router.post("/consents/{consent_id}/withdraw", name="personal_data:withdraw")
def withdraw(request: Request, actor: ConsentKeeper, db: Db, consent_id: int, posted: PostedForm) -> Response:
    """End a consent."""
    row = queries.consent_or_404(db, consent_id)
    access = open_patient(db, actor, row.patient_id, Permission.PERSONAL_DATA_CONSENT_WRITE)
    form = posted.check(WithdrawalForm)
    if form.value is not None:
        try:
            consents.withdraw(db, actor, consent_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            if row.purpose == "processing":
                # the card is closed from now on, also to whoever recorded this
                told = _("The consent is withdrawn; the card is closed")
                return redirect(request, str(request.app.url_path_for("patients:search")), told)
            return _back(request, row.patient_id, _("The consent is withdrawn"))
    return _withdrawal_page(request, db, access, row, form, 422)


@router.get("/patients/{patient_id}/representatives/new", name="personal_data:new_representative")
def new_representative(request: Request, access: ConsentWriter, db: Db) -> Response:
    """The form of a representative."""
    return _representative_page(request, db, access, blank({"valid_from": clock.today()}))


def _representative_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200
) -> Response:
    template = "personal_data/new_representative.html"
    return card_page(request, db, access, template, "consents", status_code=status_code, form=form, relations=RELATIONS)


@router.post("/patients/{patient_id}/representatives/new", name="personal_data:add_representative")
def add_representative(request: Request, access: ConsentWriter, db: Db, posted: PostedForm) -> Response:
    """Record who speaks for the person."""
    form = posted.check(RepresentativeForm)
    if form.value is not None:
        consents.add_representative(db, access.actor, access.patient_id, form.value)
        return _back(request, access.patient_id, _("The representative is recorded"))
    return _representative_page(request, db, access, form, 422)


@router.post("/patients/{patient_id}/collection", name="personal_data:note_collection")
def note_collection(request: Request, access: ConsentWriter, db: Db, posted: PostedForm) -> Response:
    """Note where the data of a visit came from."""
    form = posted.check(CollectionForm)
    if form.value is not None:
        try:
            consents.note_collection(db, access.actor, access.patient_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _back(request, access.patient_id, _("Saved"))
    return _page(request, db, access, form, 422)


@router.post("/patients/{patient_id}/cabinet", name="personal_data:set_cabinet")
def set_cabinet(request: Request, access: ConsentWriter, db: Db, posted: PostedForm) -> Response:
    """Note whether the person has an eGov cabinet."""
    consents.register_cabinet(db, access.actor, access.patient_id, posted.get("is_registered") == "1")
    return _back(request, access.patient_id, _("Saved"))


@router.get("/personal-data/files/{file_id}", name="personal_data:file")
def file(actor: FileReader, db: Db, file_id: int) -> Response:
    """A file as it was stored."""
    row = queries.file_or_404(db, file_id)
    open_patient(db, actor, row.patient_id, Permission.PATIENTS_IDENTITY_READ)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.file_name)}"}
    return Response(row.content, media_type=row.content_type, headers=headers)


def shows_token(request: Request) -> None:
    """The state's service shows its token before anything it sent is looked at."""
    check_credentials(consents.SYSTEM, request.headers.get("authorization"))


ShowsToken = Annotated[None, Depends(shows_token)]


@router.post("/personal-data/received-consents", name="personal_data:receive")
def receive(_program: Machine, _token: ShowsToken, db: Db, received: ReceivedConsent) -> Response:
    """What a person decided in the user's cabinet."""
    is_new = consents.receive(db, received)
    return JSONResponse({"key": received.key, "known": not is_new})


def _back(request: Request, patient_id: int, text: str) -> Response:
    url = request.app.url_path_for("personal_data:of_patient", patient_id=patient_id)
    return redirect(request, str(url), text)
