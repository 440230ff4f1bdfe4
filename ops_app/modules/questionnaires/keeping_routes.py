"""Files of a form, templates of a user, and the administrator's definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.questionnaire import fhir
from ops_app.mechanisms.questionnaire.answers import read_posted
from ops_app.mechanisms.questionnaire.loading import DefinitionError, read
from ops_app.mechanisms.undo import Undo
from ops_app.modules.questionnaires import keeping, pages, queries, service
from ops_app.modules.questionnaires.catalogue import offered, offered_or_404, versions
from ops_app.modules.questionnaires.codes import with_codes
from ops_app.modules.questionnaires.forms import DefinitionForm, DraftForm, TemplateForm
from ops_app.modules.questionnaires.models import AnswerTemplate
from ops_app.modules.questionnaires.permissions import DefinitionManager, ResponseReader, ResponseWriter, TemplateKeeper
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

EXAMPLE = """\
id: our_form
version: 1
effective_from: {today}
kind: form
title: {{kk: Біздің нысан, ru: Наша форма, en: Our form}}
sections:
- id: main
  title: {{kk: Негізгі, ru: Основное, en: Main}}
  items:
  - id: complaints
    type: text
    lines: 3
    label: {{kk: Шағымдары, ru: Жалобы, en: Complaints}}
"""


@router.post("/questionnaire-responses/{response_id}/files/{item_id}", name="questionnaires:attach")
def attach(
    request: Request, actor: ResponseWriter, db: Db, response_id: int, item_id: str, posted: PostedForm
) -> Response:
    """Store a file together with what is typed so far."""
    response = queries.response_or_404(db, response_id)
    open_patient(db, actor, response.patient_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    upload = posted.data.get(f"file-{item_id}")
    content = upload.file.read() if isinstance(upload, UploadFile) else b""
    name = upload.filename or "" if isinstance(upload, UploadFile) else ""
    _keep_typed(db, actor, response, posted)
    keeping.attach(db, actor, response, item_id, name, content)
    return redirect(request, request.app.url_path_for("questionnaires:edit", response_id=response_id), _("Attached"))


def _keep_typed(db: Session, actor: Any, response: Any, posted: Any) -> None:
    form = posted.check(DraftForm)
    if form.value is not None and response.status == "in_progress":
        compiled = pages.compiled_of(queries.version_of(db, response))
        service.save_draft(db, actor, response.id, read_posted(compiled, posted.data), form.value.version)


@router.get("/questionnaire-files/{attachment_id}", name="questionnaires:file")
def file(actor: ResponseReader, db: Db, attachment_id: int) -> Response:
    """A file as it was stored."""
    row = queries.file_or_404(db, attachment_id)
    response = queries.response_or_404(db, row.response_id)
    open_patient(db, actor, response.patient_id, Permission.PATIENTS_CARD_READ)
    return Response(
        row.content,
        media_type=row.content_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.file_name)}"},
    )


@router.post("/questionnaire-files/{attachment_id}/remove", name="questionnaires:remove_file")
def remove_file(request: Request, actor: ResponseWriter, db: Db, attachment_id: int, posted: PostedForm) -> Response:
    """Take a file away from a draft."""
    row = queries.file_or_404(db, attachment_id)
    response = queries.response_or_404(db, row.response_id)
    open_patient(db, actor, response.patient_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    _keep_typed(db, actor, response, posted)
    keeping.remove_file(db, actor, row)
    url = request.app.url_path_for("questionnaires:edit", response_id=response.id)
    undo = Undo("questionnaires:restore_file", {"attachment_id": attachment_id})
    return redirect(request, url, _("Removed"), undo=undo)


@router.post("/questionnaire-files/{attachment_id}/restore", name="questionnaires:restore_file")
def restore_file(request: Request, actor: ResponseWriter, db: Db, attachment_id: int) -> Response:
    """Bring back a file that was taken away from a draft."""
    row = queries.file_or_404(db, attachment_id, removed=True)
    response = queries.response_or_404(db, row.response_id)
    open_patient(db, actor, response.patient_id, Permission.QUESTIONNAIRES_RESPONSE_WRITE)
    keeping.restore_file(db, actor, row)
    url = request.app.url_path_for("questionnaires:edit", response_id=response.id)
    return redirect(request, url, _("The file is back"))


@router.get("/questionnaire-templates", name="questionnaires:templates")
def templates(request: Request, actor: TemplateKeeper, db: Db) -> Response:
    """Templates of the actor and of his colleagues."""
    forms = offered(db)
    choice = sorted(
        (form for form in forms.values() if form.why_off is None),
        key=lambda form: (form.definition.kind, str(form.definition.title).casefold()),
    )
    return page(
        request,
        "questionnaires/templates.html",
        templates=queries.templates_for(db, actor),
        keeps_system=actor.may(Permission.QUESTIONNAIRES_DEFINITION_MANAGE),
        titles={key: str(form.definition.title) for key, form in forms.items()},
        choice=choice,
    )


def _template_page(
    request: Request,
    actor: Actor,
    form: Form[Any],
    sheet: pages.Sheet,
    action: str,
    status_code: int = 200,
    *,
    former: Sequence[AnswerTemplate] = (),
) -> Response:
    return page(
        request,
        "questionnaires/template.html",
        form=form,
        sheet=sheet,
        action=action,
        former=former,
        keeps_system=actor.may(Permission.QUESTIONNAIRES_DEFINITION_MANAGE),
        status_code=status_code,
    )


@router.get("/questionnaire-templates/new", name="questionnaires:new_template")
def new_template(request: Request, actor: TemplateKeeper, db: Db, key: str = "") -> Response:
    """An empty form to make a template of."""
    compiled = offered_or_404(db, key).version.compiled
    action = request.app.url_path_for("questionnaires:create_template", key=key)
    return _template_page(request, actor, blank(), pages.empty_sheet(compiled), action)


@router.post("/questionnaire-templates/of/{key}", name="questionnaires:create_template")
def create_template(request: Request, actor: TemplateKeeper, db: Db, key: str, posted: PostedForm) -> Response:
    """Keep a new template."""
    return _save_template(request, actor, db, key, None, posted)


@router.get("/questionnaire-templates/{template_id}", name="questionnaires:edit_template")
def edit_template(request: Request, actor: TemplateKeeper, db: Db, template_id: int) -> Response:
    """A template of the actor."""
    row = keeping.own_template(db, actor, template_id)
    known = {"title": row.title, "is_shared": "1" if row.organization_id else "", "specialty": row.specialty}
    form = blank(known | {"is_system": "1" if row.is_system else ""})
    compiled = offered_or_404(db, row.key).version.compiled
    action = request.app.url_path_for("questionnaires:change_template", template_id=template_id)
    sheet = pages.empty_sheet(compiled, row.answers)
    return _template_page(request, actor, form, sheet, action, former=queries.template_history(db, row))


@router.post("/questionnaire-templates/{template_id}", name="questionnaires:change_template")
def change_template(request: Request, actor: TemplateKeeper, db: Db, template_id: int, posted: PostedForm) -> Response:
    """Keep a changed template."""
    row = keeping.own_template(db, actor, template_id)
    return _save_template(request, actor, db, row.key, template_id, posted)


def _save_template(
    request: Request, actor: Any, db: Session, key: str, template_id: int | None, posted: Any
) -> Response:
    compiled = offered_or_404(db, key).version.compiled
    form = posted.check(TemplateForm)
    answers = with_codes(db, compiled, read_posted(compiled, posted.data), clock.today())
    if form.value is not None:
        try:
            keeping.save_template(db, actor, key, form.value, answers, template_id=template_id)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, request.app.url_path_for("questionnaires:templates"), _("The template is saved"))
    action = request.url.path
    return _template_page(request, actor, form, pages.empty_sheet(compiled, answers, form.errors), action, 422)


@router.post("/questionnaire-templates/{template_id}/remove", name="questionnaires:remove_template")
def remove_template(request: Request, actor: TemplateKeeper, db: Db, template_id: int) -> Response:
    """Take a template away."""
    keeping.remove_template(db, actor, template_id)
    undo = Undo("questionnaires:restore_template", {"template_id": template_id})
    return redirect(request, request.app.url_path_for("questionnaires:templates"), _("Removed"), undo=undo)


@router.post("/questionnaire-templates/{template_id}/restore", name="questionnaires:restore_template")
def restore_template(request: Request, actor: TemplateKeeper, db: Db, template_id: int) -> Response:
    """Bring back a template that was taken away."""
    keeping.restore_template(db, actor, template_id)
    return redirect(request, request.app.url_path_for("questionnaires:templates"), _("The template is back"))


@router.get("/questionnaires", name="questionnaires:definitions")
def definitions(request: Request, actor: DefinitionManager, db: Db) -> Response:
    """All definitions with their state."""
    listed = sorted(
        offered(db).values(), key=lambda form: (form.definition.kind, str(form.definition.title).casefold())
    )
    return page(request, "questionnaires/definitions.html", listed=listed)


@router.get("/questionnaires/new", name="questionnaires:new_definition")
def new_definition(request: Request, actor: DefinitionManager, db: Db) -> Response:
    """An empty definition to begin with."""
    return _edit_page(request, None, EXAMPLE.format(today=clock.today().isoformat()))


def _edit_page(
    request: Request,
    key: str | None,
    content: str,
    problems: list[str] | None = None,
    sheet: pages.Sheet | None = None,
    status_code: int = 200,
) -> Response:
    url = request.app.url_path_for
    action = url("questionnaires:store_version", key=key) if key else url("questionnaires:store_definition")
    return page(
        request,
        "questionnaires/definition_edit.html",
        key=key,
        content=content,
        problems=problems or [],
        sheet=sheet,
        action=str(action),
        status_code=status_code,
    )


@router.post("/questionnaires/new", name="questionnaires:store_definition")
def store_definition(request: Request, actor: DefinitionManager, db: Db, posted: PostedForm) -> Response:
    """Look at or store a new definition."""
    return _store(request, actor, db, None, posted)


@router.get("/questionnaires/{key}", name="questionnaires:definition")
def definition(request: Request, actor: DefinitionManager, db: Db, key: str) -> Response:
    """A definition: versions, switch, preview."""
    form = offered_or_404(db, key)
    return page(
        request,
        "questionnaires/definition.html",
        form=form,
        versions=versions(db, key)[key],
        sheet=pages.empty_sheet(form.version.compiled),
    )


@router.get("/questionnaires/{key}/edit", name="questionnaires:edit_definition")
def edit_definition(request: Request, actor: DefinitionManager, db: Db, key: str) -> Response:
    """The newest text, to make the next version of."""
    offered_or_404(db, key)
    return _edit_page(request, key, versions(db, key)[key][-1].text)


@router.post("/questionnaires/{key}/versions", name="questionnaires:store_version")
def store_version(request: Request, actor: DefinitionManager, db: Db, key: str, posted: PostedForm) -> Response:
    """Look at or store the next version."""
    offered_or_404(db, key)
    return _store(request, actor, db, key, posted)


def _store(request: Request, actor: Any, db: Session, key: str | None, posted: Any) -> Response:
    form = posted.check(DefinitionForm)
    content = str(posted.get("content") or "").replace("\r\n", "\n")
    if form.value is None:
        return _edit_page(request, key, content, list(form.errors.values()), status_code=422)
    try:
        if posted.get("step") == "preview":
            compiled = keeping.checked_definition(db, content, key)
            return _edit_page(request, key, content, sheet=pages.empty_sheet(compiled))
        row = keeping.store_version(db, actor, content, key)
    except DefinitionError as wrong:
        return _edit_page(request, key, content, keeping.problems_of(wrong), status_code=422)
    except Invalid as wrong:
        # The text itself is right: it can be looked at although it cannot be stored yet.
        sheet = pages.empty_sheet(read(content))
        return _edit_page(request, key, content, keeping.problems_of(wrong), sheet, 422)
    key = row.key
    url = request.app.url_path_for
    in_force = key in offered(db)
    where = url("questionnaires:definition", key=key) if in_force else url("questionnaires:definitions")
    return redirect(request, where, _("The version is stored"))


@router.post("/questionnaires/{key}/switch", name="questionnaires:switch")
def switch(request: Request, actor: DefinitionManager, db: Db, key: str, posted: PostedForm) -> Response:
    """Let a form be filled in, or not."""
    is_on = posted.get("is_on") == "1"
    changed = keeping.switch(db, actor, key, is_on)
    undo = Undo("questionnaires:switch", {"key": key}, {"is_on": "0" if is_on else "1"}) if changed else None
    return redirect(request, request.app.url_path_for("questionnaires:definition", key=key), _("Saved"), undo=undo)


@router.get("/questionnaires/{key}/fhir", name="questionnaires:definition_fhir")
def definition_fhir(actor: DefinitionManager, db: Db, key: str) -> Response:
    """The definition as a FHIR R4 Questionnaire."""
    resource = fhir.questionnaire_resource(offered_or_404(db, key).version.compiled)
    return JSONResponse(resource, media_type="application/fhir+json")
