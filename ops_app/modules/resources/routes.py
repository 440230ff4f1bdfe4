"""The page that leads to the registers, and the form of a row."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.register.field import choices_of, reworded
from ops_app.modules.resources import queries, service
from ops_app.modules.resources.forms import CloseForm
from ops_app.modules.resources.permissions import RegisterReader, RegisterWriter
from ops_app.modules.resources.registers import REGISTERS, Register
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()


@router.get("/resources", name="resources:index")
def index(request: Request, actor: RegisterReader, db: Db) -> Response:
    scope = actor.scope(Permission.RESOURCES_REGISTER_READ)
    found = [(each, queries.counting(db, each, scope, clock.today())) for each in REGISTERS.values()]
    return page(request, "resources/index.html", registers=found)


@router.get("/resources/{register}/new", name="resources:new")
def new(request: Request, register: str, actor: RegisterWriter, db: Db) -> Response:
    """An empty form; a page that leads here may name values in the address."""
    asked = queries.register_or_404(register)
    known = {each.name: request.query_params[each.name] for each in asked.fields if each.name in request.query_params}
    return _form(request, db, actor, asked, blank({"start_date": clock.today()} | known))


@router.post("/resources/{register}/new", name="resources:add")
def add(request: Request, register: str, actor: RegisterWriter, db: Db, posted: PostedForm) -> Response:
    asked = queries.register_or_404(register)
    form = posted.check(asked.form)
    if form.value is not None:
        try:
            service.add(db, actor, asked, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, list_url(request, asked), _("Added"))
    return _form(request, db, actor, asked, form)


@router.get("/resources/{register}/{row_id}", name="resources:row")
def row(request: Request, register: str, row_id: int, actor: RegisterReader, db: Db) -> Response:
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, row_id, actor.scope(Permission.RESOURCES_REGISTER_READ))
    held = blank({each.name: getattr(found, each.name) for each in asked.fields})
    return _form(request, db, actor, asked, held, found)


@router.post("/resources/{register}/{row_id}", name="resources:change")
def change(request: Request, register: str, row_id: int, actor: RegisterWriter, db: Db, posted: PostedForm) -> Response:
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, row_id, service.writing(actor))
    form = posted.check(asked.form)
    if form.value is not None:
        try:
            service.change(db, actor, asked, row_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, list_url(request, asked), _("Saved"))
    return _form(request, db, actor, asked, form, found)


@router.post("/resources/{register}/{row_id}/close", name="resources:close")
def close(request: Request, register: str, row_id: int, actor: RegisterWriter, db: Db, posted: PostedForm) -> Response:
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, row_id, service.writing(actor))
    close_form = posted.check(CloseForm)
    if close_form.value is not None:
        try:
            service.close(db, actor, asked, row_id, close_form.value.end_date)
        except OpsError as refused:
            close_form.refuse(refused)
        else:
            return redirect(request, list_url(request, asked), _("Closed"))
    held = blank({each.name: getattr(found, each.name) for each in asked.fields})
    return _form(request, db, actor, asked, held, found, close_form)


def list_url(request: Request, register: Register) -> str:
    """The list of a register."""
    return str(request.app.url_path_for(f"resources:journal_{register.name}"))


def _form(
    request: Request,
    db: Session,
    actor: Actor,
    register: Register,
    form: Form[Any],
    found: Any = None,
    close_form: Form[CloseForm] | None = None,
) -> Response:
    writing = service.writing(actor)
    reading = actor.scope(Permission.RESOURCES_REGISTER_READ)
    scope = writing if found is None or writing.allows(found.organization_id) else reading
    return page(
        request,
        "resources/row.html",
        register=register,
        form=reworded(form, register.fields),
        found=found,
        close_form=close_form or blank({"end_date": clock.today()}),
        options=choices_of(db, scope, register.fields),
        may_write=found is None or (writing.allows(found.organization_id) and service.may_change(register, found)),
        versions=queries.versions(db, register, found) if found is not None and register.versioned else [],
        list_url=list_url(request, register),
        status_code=422 if form.errors or (close_form and close_form.errors) else 200,
    )
