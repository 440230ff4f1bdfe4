"""Pages about requests of people: registering, deciding, blocking; and who opened the data."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Conflict, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.working_days import working_days_left
from ops_app.modules.audit.titles import KINDS, action_titles, rule_title
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organizations, workplace
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_by_identifier, record_ids, standing_for
from ops_app.modules.personal_data import destruction, queries, request_queries, requests
from ops_app.modules.personal_data.declarations import refusals
from ops_app.modules.personal_data.files import uploaded
from ops_app.modules.personal_data.forms import ActForm, AnswerForm, BlockForm, RefusalForm, RequestForm
from ops_app.modules.personal_data.models import Representative, SubjectRequest
from ops_app.modules.personal_data.permissions import DataInspector, RequestDecider, RequestRegistrar
from ops_app.modules.personal_data.titles import (
    CHANNELS,
    GROUNDS,
    RELATIONS,
    REQUEST_KINDS,
    STATE_COLOURS,
    STATES,
)
from ops_app.modules.protection.standing import refuse_unprotected
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter(include_in_schema=False)

LOG_SHOWN = 500


@router.get("/personal-data/requests/new", name="personal_data:new_request")
def new_request(request: Request, actor: RequestRegistrar, db: Db, person: str = "") -> Response:
    """The form of an application."""
    here = workplace(db, actor)
    known: dict[str, Any] = {"person": person, "channel": "office", "received_on": clock.today()}
    if here is not None:
        known["organization_id"] = here.organization.id
    return _new_page(request, db, actor, blank(known))


def _new_page(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    scope = actor.scope(Permission.PERSONAL_DATA_REQUEST_REGISTER)
    patient = live_by_identifier(db, form.text("person")) if form.text("person") else None
    speakers = [(0, _("the person"))]
    if patient is not None and actor.may(Permission.PATIENTS_IDENTITY_READ) and not form.errors.get("person"):
        open_patient(db, actor, patient.id, Permission.PERSONAL_DATA_REQUEST_REGISTER, rule="subject_request")
        speakers += [
            (row.id, f"{row.name}, {_(RELATIONS[row.relation])}")
            for row in queries.representatives_of(db, record_ids(db, patient.id))
        ]
    return page(
        request,
        "personal_data/new_request.html",
        status_code=status_code,
        form=form,
        known=full_name(patient) if patient else "",
        places=[(row.id, local_name(row)) for row in organizations(db, scope)],
        kinds=REQUEST_KINDS,
        channels=CHANNELS,
        speakers=speakers,
    )


@router.post("/personal-data/requests/new", name="personal_data:register_request")
def register_request(request: Request, actor: RequestRegistrar, db: Db, posted: PostedForm) -> Response:
    """Register an application."""
    form = posted.check(RequestForm)
    if form.value is not None:
        try:
            row = requests.register(db, actor, form.value, uploaded(posted))
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The request is registered"))
    return _new_page(request, db, actor, form, 422)


@router.get("/personal-data/requests/{request_id}", name="personal_data:request")
def one_request(request: Request, actor: RequestRegistrar, db: Db, request_id: int) -> Response:
    """A request with its deadline and what may be done about it."""
    return _page(request, db, actor, _opened(db, actor, request_id), {})


def _opened(db: Session, actor: Actor, request_id: int) -> SubjectRequest:
    row = request_queries.request_or_404(db, actor, request_id)
    permission = Permission.PERSONAL_DATA_REQUEST_REGISTER
    open_patient(db, actor, row.patient_id, permission, rule="subject_request")
    return row


def _page(request: Request, db: Session, actor: Actor, row: SubjectRequest, forms: dict[str, Form[Any]]) -> Response:
    records = record_ids(db, standing_for(db, row.patient_id))
    known = {"language": "kk"}
    shown = {name: forms.get(name) or blank(known) for name in ("answer", "refusal", "block", "act")}
    may = actor.scope(Permission.PERSONAL_DATA_REQUEST_DECIDE).allows(row.organization_id)
    return page(
        request,
        "personal_data/request.html",
        status_code=422 if forms else 200,
        row=row,
        patient=db.get_one(Patient, row.patient_id),
        full_name=full_name,
        organization=db.get_one(Organization, row.organization_id),
        speaker=db.get(Representative, row.representative_id) if row.representative_id else None,
        days_left=working_days_left(clock.today(), row.due_on),
        block=queries.current_block(db, records),
        act=request_queries.act_for(db, records[0]),
        may_decide=may and row.state == "received",
        refusals=[(code, str(about.title)) for code, about in refusals().items()],
        refusal=refusals().get(row.refusal or ""),
        kinds=REQUEST_KINDS,
        channels=CHANNELS,
        states=STATES,
        colours=STATE_COLOURS,
        grounds=GROUNDS,
        forms_shown=shown,
    )


@router.post("/personal-data/requests/{request_id}/answer", name="personal_data:answer")
def answer(request: Request, actor: RequestDecider, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Answer with what is really held."""
    row = _opened(db, actor, request_id)
    form = posted.check(AnswerForm)
    if form.value is not None:
        try:
            requests.answer(db, actor, row.id, form.value, _check_path(request))
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The answer is formed; sign it"))
    return _page(request, db, actor, row, {"answer": form})


@router.post("/personal-data/requests/{request_id}/refuse", name="personal_data:refuse")
def refuse(request: Request, actor: RequestDecider, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Refuse with a reason."""
    row = _opened(db, actor, request_id)
    form = posted.check(RefusalForm)
    if form.value is not None:
        try:
            requests.refuse(db, actor, row.id, form.value, _check_path(request))
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The refusal is formed; sign it"))
    return _page(request, db, actor, row, {"refusal": form})


@router.post("/personal-data/requests/{request_id}/block", name="personal_data:block")
def block(request: Request, actor: RequestDecider, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Block the data of the person."""
    row = _opened(db, actor, request_id)
    form = posted.check(BlockForm)
    if form.value is not None:
        try:
            requests.block(db, actor, row, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The data are blocked"))
    return _page(request, db, actor, row, {"block": form})


@router.post("/personal-data/requests/{request_id}/lift", name="personal_data:lift")
def lift(request: Request, actor: RequestDecider, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Lift the block."""
    row = _opened(db, actor, request_id)
    form = posted.check(BlockForm)
    if form.value is not None:
        try:
            requests.lift(db, actor, row, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The block is lifted"))
    return _page(request, db, actor, row, {"block": form})


@router.post("/personal-data/requests/{request_id}/act", name="personal_data:draw_up")
def draw_up(request: Request, actor: RequestDecider, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Draw up an act of destruction."""
    row = _opened(db, actor, request_id)
    form = posted.check(ActForm)
    if form.value is not None:
        try:
            destruction.draw_up(db, actor, row, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, row.id), _("The act is drawn up; somebody else must approve it"))
    return _page(request, db, actor, row, {"act": form})


@router.get("/personal-data/requests/{request_id}/answer.json", name="personal_data:answer_file")
def answer_file(actor: RequestRegistrar, db: Db, request_id: int) -> Response:
    """The answer for programs, as it was issued."""
    row = _opened(db, actor, request_id)
    if row.answer is None:
        raise Conflict(_("This request has no answer yet"))
    refuse_unprotected(db)
    headers = {"Content-Disposition": f'attachment; filename="{row.number}.json"'}
    return JSONResponse(
        {"number": row.number, "received_on": row.received_on.isoformat(), **row.answer}, headers=headers
    )


@router.get("/patients/{patient_id}/access-log", name="personal_data:access_log")
def access_log(request: Request, access: DataInspector, db: Db) -> Response:
    """Who opened or changed the data of a person and when, to be printed for him."""
    rows = request_queries.access_log(db, access.records, LOG_SHOWN)
    return page(
        request,
        "personal_data/access_log.html",
        patient=db.get_one(Patient, access.patient_id),
        full_name=full_name,
        rows=rows,
        limit=LOG_SHOWN,
        kinds=KINDS,
        rule_title=rule_title,
        titles=action_titles(request.app.state.modules),
    )


def _check_path(request: Request) -> str:
    return str(request.app.url_path_for("documents:check", code="CODE"))


def _url(request: Request, request_id: int) -> str:
    return str(request.app.url_path_for("personal_data:request", request_id=request_id))
