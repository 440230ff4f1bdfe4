"""Forms of a patient: the list, filling in, reading, correcting, printing, exporting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.mechanisms.questionnaire import fhir
from ops_app.mechanisms.questionnaire.answers import read_posted
from ops_app.mechanisms.undo import Undo
from ops_app.modules.organizations.care_profiles import belongs, profiles_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import place_of, workplace
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.questionnaires import pages, queries, service
from ops_app.modules.questionnaires.catalogue import compiled_of, offered
from ops_app.modules.questionnaires.codes import with_codes
from ops_app.modules.questionnaires.forms import CompleteForm, DraftForm, ErrorForm, StartForm
from ops_app.modules.questionnaires.models import QuestionnaireResponse
from ops_app.modules.questionnaires.permissions import CardReader, CardWriter, ResponseReader, ResponseWriter
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter()


@router.get("/patients/{patient_id}/questionnaires", name="questionnaires:of_patient")
def of_patient(request: Request, access: CardReader, db: Db, encounter: int | None = None) -> Response:
    """Forms of a person, and those that can be filled in."""
    who = person(db, access)
    responses = list(queries.responses_of(db, who.records))
    may_fill = access.actor.may(Permission.QUESTIONNAIRES_RESPONSE_WRITE) and not who.header.death_date
    forms = offered(db) if may_fill else {}
    place = workplace(db, access.actor)
    profiles = profiles_of(db, place.organization.id) if place else []
    choice = sorted(
        (form for form in forms.values() if form.why_off is None and belongs(form.definition.id, profiles)),
        key=lambda form: (form.definition.kind, str(form.definition.title).casefold()),
    )
    return card_page(
        request,
        db,
        access,
        "questionnaires/of_patient.html",
        "forms",
        who=who,
        responses=responses,
        titles={row.id: str(compiled_of(queries.version_of(db, row)).definition.title) for row in responses},
        scored_keys={row.key for row in responses if row.score is not None},
        authors=pages.authors(db, responses),
        choice=choice,
        templates=queries.templates_for(db, access.actor) if may_fill else [],
        may_fill=may_fill and who.header.is_live,
        encounter_id=encounter,
    )


@router.post("/patients/{patient_id}/questionnaires", name="questionnaires:start")
def start(request: Request, access: CardWriter, db: Db, posted: PostedForm) -> Response:
    """Begin a form and open it."""
    form = posted.check(StartForm)
    if form.value is None:
        raise Invalid(_("Choose a form"))
    response = service.start(
        db,
        access.actor,
        access.patient_id,
        form.value.key,
        place_of(db, access.actor),
        encounter_id=form.value.encounter_id,
        template_id=form.value.template_id,
    )
    return redirect(request, request.app.url_path_for("questionnaires:edit", response_id=response.id))


@router.get("/patients/{patient_id}/questionnaires/{key}/trend", name="questionnaires:trend")
def trend(request: Request, access: CardReader, db: Db, key: str) -> Response:
    """The scores of one scale over time."""
    who = person(db, access)
    rows = list(queries.scored(db, who.records, key))
    if not rows:
        raise NotFound(_("There is no such form"))
    sheets = [pages.sheet_of(db, row, service.facts_of(db, row)) for row in rows]
    return card_page(
        request,
        db,
        access,
        "questionnaires/trend.html",
        "forms",
        who=who,
        rows=list(zip(rows, sheets, strict=True)),
        chart=pages.chart(rows, sheets),
        authors=pages.authors(db, rows),
    )


def _opened(db: Session, actor: Actor, response_id: int, permission: Permission) -> tuple[Any, PatientAccess]:
    response = queries.response_or_404(db, response_id)
    return response, open_patient(db, actor, response.patient_id, permission)


@router.get("/questionnaire-responses/{response_id}", name="questionnaires:response")
def response_page(request: Request, actor: ResponseReader, db: Db, response_id: int) -> Response:
    """A form as it was filled in, with what it said before."""
    response, access = _opened(db, actor, response_id, Permission.PATIENTS_CARD_READ)
    return _read(request, db, access, response, blank())


def _read(
    request: Request,
    db: Session,
    access: PatientAccess,
    response: QuestionnaireResponse,
    error_form: Form[Any],
    status_code: int = 200,
) -> Response:
    facts = service.facts_of(db, response)
    former = [
        (row, pages.sheet_of(db, response, facts, answers=row.answers)) for row in queries.revisions_of(db, response.id)
    ]
    return card_page(
        request,
        db,
        access,
        "questionnaires/response.html",
        "forms",
        status_code=status_code,
        response=response,
        sheet=pages.sheet_of(db, response, facts),
        version=queries.version_of(db, response),
        began_with=queries.template_of(db, response),
        former=former,
        authors=pages.authors(db, [response]),
        organization=db.get(Organization, response.organization_id),
        may_change=service.may_change(access.actor, response),
        error_form=error_form,
    )


@router.get("/questionnaire-responses/{response_id}/edit", name="questionnaires:edit")
def edit(request: Request, actor: ResponseWriter, db: Db, response_id: int) -> Response:
    """The form itself."""
    response, access = _opened(db, actor, response_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    if not service.may_change(actor, response):
        return redirect(request, request.app.url_path_for("questionnaires:response", response_id=response_id))
    return _edit(request, db, access, response, _blank(response))


def _blank(response: QuestionnaireResponse) -> Form[Any]:
    at = clock.local(clock.now() if response.status == "in_progress" else response.event_at)
    return blank({"date": show_date(at), "time": show_time(at), "version": response.row_xid})


def _edit(
    request: Request,
    db: Session,
    access: PatientAccess,
    response: QuestionnaireResponse,
    form: Form[Any],
    answers: Mapping[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    return card_page(
        request,
        db,
        access,
        "questionnaires/edit.html",
        "forms",
        status_code=status_code,
        response=response,
        form=form,
        sheet=pages.sheet_of(db, response, service.facts_of(db, response), answers=answers, errors=form.errors),
    )


@router.post("/questionnaire-responses/{response_id}/draft", name="questionnaires:save_draft")
def save_draft(request: Request, actor: ResponseWriter, db: Db, response_id: int, posted: PostedForm) -> Response:
    """Keep what is typed so far."""
    response, _access = _opened(db, actor, response_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    form = posted.check(DraftForm)
    if form.value is None:
        raise Invalid(_("The version of the form is missing"), field="version")
    answers = _answers(db, response, posted)
    saved = service.save_draft(db, actor, response_id, answers, form.value.version)
    return JSONResponse({"version": saved.row_xid, "at": show_time(clock.now())})


def _answers(db: Session, response: QuestionnaireResponse, posted: Posted) -> dict[str, Any]:
    return read_posted(compiled_of(queries.version_of(db, response)), posted.data)


@router.post("/questionnaire-responses/{response_id}/complete", name="questionnaires:complete")
def complete(request: Request, actor: ResponseWriter, db: Db, response_id: int, posted: PostedForm) -> Response:
    """Complete the form or show what is wrong with it."""
    response, access = _opened(db, actor, response_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    form = posted.check(CompleteForm)
    answers = _answers(db, response, posted)
    if form.value is not None:
        at = clock.from_local(form.value.date, form.value.time)
        if form.value.date == clock.today():
            # The field shows whole minutes; this minute is not the future.
            at = min(at, clock.now()) if at - clock.now() < dt.timedelta(minutes=1) else at
        try:
            with db.begin_nested():
                done, checked = service.complete(
                    db, actor, response_id, answers, at, form.value.version, form.value.reason
                )
        except OpsError as refused:
            form.refuse(refused)
        else:
            if not checked.errors:
                url = request.app.url_path_for("questionnaires:response", response_id=done.id)
                return redirect(request, url, _("The form is completed"))
            form.errors.update(checked.errors)
    day = form.value.date if form.value is not None else clock.today()
    answers = with_codes(db, compiled_of(queries.version_of(db, response)), answers, day)
    shown = {**answers, **{name: given for name, given in response.answers.items() if _is_files(given)}}
    return _edit(request, db, access, response, form, shown, 422)


def _is_files(given: Any) -> bool:
    return isinstance(given, list) and bool(given) and isinstance(given[0], dict) and "sha256" in given[0]


@router.post("/questionnaire-responses/{response_id}/discard", name="questionnaires:discard")
def discard(request: Request, actor: ResponseWriter, db: Db, response_id: int) -> Response:
    """Give up a draft."""
    response, _access = _opened(db, actor, response_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    service.discard(db, actor, response_id)
    url = request.app.url_path_for("questionnaires:of_patient", patient_id=response.patient_id)
    undo = Undo("questionnaires:take_up", {"response_id": response_id})
    return redirect(request, url, _("The draft is discarded"), undo=undo)


@router.post("/questionnaire-responses/{response_id}/take-up", name="questionnaires:take_up")
def take_up(request: Request, actor: ResponseWriter, db: Db, response_id: int) -> Response:
    """Go on with a draft that was given up."""
    _opened(db, actor, response_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    service.take_up(db, actor, response_id)
    url = request.app.url_path_for("questionnaires:edit", response_id=response_id)
    return redirect(request, url, _("The draft is back"))


@router.post("/questionnaire-responses/{response_id}/error", name="questionnaires:mark_in_error")
def mark_in_error(request: Request, actor: ResponseWriter, db: Db, response_id: int, posted: PostedForm) -> Response:
    """Mark a completed form as entered in error."""
    response, access = _opened(db, actor, response_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    form = posted.check(ErrorForm)
    if form.value is None:
        return _read(request, db, access, response, form, 422)
    service.mark_in_error(db, actor, response_id, form.value.reason)
    url = request.app.url_path_for("questionnaires:response", response_id=response_id)
    return redirect(request, url, _("The form is marked as an error"))


@router.get("/questionnaire-responses/{response_id}/print", name="questionnaires:print")
def print_page(request: Request, actor: ResponseReader, db: Db, response_id: int) -> Response:
    """The form on paper."""
    response, access = _opened(db, actor, response_id, Permission.PATIENTS_CARD_READ)
    return card_page(
        request,
        db,
        access,
        "questionnaires/print.html",
        "forms",
        response=response,
        sheet=pages.sheet_of(db, response, service.facts_of(db, response)),
        version=queries.version_of(db, response),
        authors=pages.authors(db, [response]),
        organization=db.get(Organization, response.organization_id),
    )


@router.get("/questionnaire-responses/{response_id}/fhir", name="questionnaires:response_fhir")
def response_fhir(actor: ResponseReader, db: Db, response_id: int) -> Response:
    """The form as a FHIR R4 QuestionnaireResponse."""
    response, _access = _opened(db, actor, response_id, Permission.PATIENTS_CARD_READ)
    compiled = compiled_of(queries.version_of(db, response))
    resource = fhir.response_resource(
        compiled,
        response.answers,
        service.facts_of(db, response),
        resource_id=str(response.id),
        patient_id=str(response.patient_id),
        encounter_id=str(response.encounter_id) if response.encounter_id else None,
        practitioner_id=str(response.practitioner_id) if response.practitioner_id else None,
        status=fhir.response_status(response.status, in_error=response.entered_in_error_at is not None),
        authored=response.event_at,
    )
    return JSONResponse(resource, media_type="application/fhir+json")
