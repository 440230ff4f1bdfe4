"""Entering medical records with their templates, and pictures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.questionnaire.answers import read_posted
from ops_app.mechanisms.questionnaire.scoring import outcome
from ops_app.modules.laboratory import queries, records, results
from ops_app.modules.laboratory.forms import Line
from ops_app.modules.laboratory.models import Result, ResultFile
from ops_app.modules.laboratory.opening import is_laboratory, open_order
from ops_app.modules.laboratory.permissions import MaterialTaker, ResultEnterer
from ops_app.modules.laboratory.values import title_of
from ops_app.modules.patients.card import card_page
from ops_app.modules.patients.models import Patient
from ops_app.modules.questionnaires import keeping
from ops_app.modules.questionnaires import queries as kept
from ops_app.modules.questionnaires.codes import with_codes
from ops_app.modules.questionnaires.forms import TemplateForm as KeptTemplate
from ops_app.modules.questionnaires.pages import Sheet
from ops_app.modules.questionnaires.service import person_facts
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)

INLINE = ("image/png", "image/jpeg")


class TemplateForm(BaseModel):
    """Under which name the answers are kept, and for whom."""

    template_title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120)]
    is_shared: bool = False


class ImageForm(BaseModel):
    """What a picture shows."""

    title: Line | None = None


@router.get("/laboratory/tests/{order_service_id}/records/{parameter_id}", name="laboratory:record")
def record(
    request: Request,
    actor: ResultEnterer,
    db: Db,
    order_service_id: int,
    parameter_id: int,
    template: int | None = None,
) -> Response:
    """The form of a medical record, begun with what is written already or with a template."""
    answers: dict[str, Any] = {}
    there = results.current(db, order_service_id, parameter_id)
    if there is not None and there.answers:
        answers = dict(there.answers)
    if template is not None:
        answers = dict(kept.template_or_404(db, actor, template).answers)
    return _record_page(request, db, actor, order_service_id, parameter_id, answers, blank())


def _record_page(
    request: Request,
    db: Session,
    actor: Actor,
    order_service_id: int,
    parameter_id: int,
    answers: dict[str, Any],
    form: Form[Any],
    status_code: int = 200,
) -> Response:
    order, parameter = records.place_of_result(db, order_service_id, parameter_id, "record")
    _order, access = open_order(db, actor, order.id)
    version = records.form_of(parameter)
    facts = person_facts(db.get_one(Patient, order.patient_id), clock.today())
    answers = with_codes(db, version.compiled, answers, clock.today())
    told = outcome(version.compiled, answers, facts)
    return card_page(
        request,
        db,
        access,
        "laboratory/record.html",
        "laboratory",
        status_code=status_code,
        order=order,
        line=queries.order_service_or_404(db, order_service_id),
        parameter=parameter,
        title=title_of(parameter),
        sheet=Sheet(version.compiled, answers, told, facts, form.errors),
        templates=kept.templates_for(db, actor, version.definition.id),
        form=form,
    )


@router.post("/laboratory/tests/{order_service_id}/records/{parameter_id}", name="laboratory:write_record")
def write_record(
    request: Request, actor: ResultEnterer, db: Db, order_service_id: int, parameter_id: int, posted: PostedForm
) -> Response:
    """Store a medical record as an unconfirmed result."""
    order, parameter = records.place_of_result(db, order_service_id, parameter_id, "record")
    open_order(db, actor, order.id)
    answers = read_posted(records.form_of(parameter).compiled, posted.data)
    checked = records.write_record(db, actor, order_service_id, parameter_id, answers)
    if checked.errors:
        form: Form[Any] = Form({}, dict(checked.errors))
        return _record_page(request, db, actor, order_service_id, parameter_id, answers, form, 422)
    url = str(request.app.url_path_for("laboratory:order", order_id=order.id)) + f"#test-{order_service_id}"
    return redirect(request, url, _("The results are saved"))


@router.post(
    "/laboratory/tests/{order_service_id}/records/{parameter_id}/templates", name="laboratory:keep_record_template"
)
def keep_template(
    request: Request, actor: ResultEnterer, db: Db, order_service_id: int, parameter_id: int, posted: PostedForm
) -> Response:
    """Keep what is written as a template, for oneself or for the laboratory."""
    order, parameter = records.place_of_result(db, order_service_id, parameter_id, "record")
    open_order(db, actor, order.id)
    version = records.form_of(parameter)
    answers = read_posted(version.compiled, posted.data)
    form = posted.check(TemplateForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                about = KeptTemplate(title=form.value.template_title, is_shared=form.value.is_shared)
                row = keeping.store_template(db, actor, version.definition.id, about, answers)
        except OpsError as refused:
            form.errors["template_title"] = refused.message
        else:
            path = request.app.url_path_for(
                "laboratory:record", order_service_id=order_service_id, parameter_id=parameter_id
            )
            return redirect(request, f"{path}?template={row.id}", _("The template is kept"))
    return _record_page(request, db, actor, order_service_id, parameter_id, answers, form, 422)


@router.post("/laboratory/tests/{order_service_id}/images/{parameter_id}", name="laboratory:attach_image")
def attach_image(
    request: Request, actor: ResultEnterer, db: Db, order_service_id: int, parameter_id: int, posted: PostedForm
) -> Response:
    """Store a picture as the result of a parameter."""
    order, _parameter = records.place_of_result(db, order_service_id, parameter_id, "image")
    open_order(db, actor, order.id)
    form = posted.check(ImageForm)
    upload = posted.data.get("file")
    content = upload.file.read() if isinstance(upload, UploadFile) else b""
    title = form.value.title if form.value is not None else None
    url = str(request.app.url_path_for("laboratory:order", order_id=order.id)) + f"#test-{order_service_id}"
    try:
        with db.begin_nested():
            records.attach_image(db, actor, order_service_id, parameter_id, title, content)
    except OpsError as refused:
        if refused.field is None:
            raise
        return redirect(request, url, refused.message, "warning")
    return redirect(request, url, _("The image is attached"))


@router.get("/laboratory/result-images/{file_id}", name="laboratory:result_image")
def result_image(actor: MaterialTaker, db: Db, file_id: int) -> Response:
    """A picture that is a result: for the laboratory at once, for whoever asked when it is confirmed."""
    found = db.get(ResultFile, file_id)
    result = db.scalars(select(Result).where(Result.file_id == file_id).limit(1)).one_or_none()
    if found is None or result is None or result.order_service_id is None:
        raise NotFound(_("There is no such file"))
    order, _access = open_order(db, actor, queries.order_service_or_404(db, result.order_service_id).order_id)
    if result.status not in ("confirmed", "corrected") and not is_laboratory(actor, order):
        raise NotFound(_("There is no such file"))
    kind = found.content_type if found.content_type in INLINE else "application/octet-stream"
    return Response(found.content, media_type=kind, headers={"x-content-type-options": "nosniff"})
