"""The form of a dated fact of a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.register.field import choices_of, reworded
from ops_app.modules.patients.card import card_page
from ops_app.modules.patients.forms import ReasonForm
from ops_app.modules.patients.queries import patient_or_404
from ops_app.modules.person_facts import queries, service
from ops_app.modules.person_facts.forms import CloseForm
from ops_app.modules.person_facts.permissions import IdentityWriter
from ops_app.modules.person_facts.registers import PersonRegister
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter()


@router.get("/patients/{patient_id}/facts/{register}/new", name="person_facts:new")
def new(request: Request, register: str, access: IdentityWriter, db: Db) -> Response:
    """An empty form."""
    asked = queries.register_or_404(register)
    known: dict[str, Any] = {"way": "patient", "country": "KZ"}
    if asked.single is not None:
        known["start_date"] = clock.today()
    return _page(request, db, access, asked, blank(known))


@router.post("/patients/{patient_id}/facts/{register}/new", name="person_facts:add")
def add(request: Request, register: str, access: IdentityWriter, db: Db, posted: PostedForm) -> Response:
    """Add a fact."""
    asked = queries.register_or_404(register)
    form = posted.check(asked.form)
    if form.value is not None:
        try:
            with db.begin_nested():
                service.add(db, access.actor, access.patient_id, asked, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _back(request, access, asked), _("Added"))
    return _page(request, db, access, asked, form)


@router.get("/patients/{patient_id}/facts/{register}/{row_id}", name="person_facts:row")
def row(request: Request, register: str, row_id: int, access: IdentityWriter, db: Db) -> Response:
    """A fact as a form."""
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, access.records, row_id)
    return _page(request, db, access, asked, _held(db, asked, found), found)


@router.post("/patients/{patient_id}/facts/{register}/{row_id}", name="person_facts:change")
def change(
    request: Request, register: str, row_id: int, access: IdentityWriter, db: Db, posted: PostedForm
) -> Response:
    """Correct a fact."""
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, access.records, row_id)
    form = posted.check(asked.form)
    if form.value is not None:
        try:
            with db.begin_nested():
                service.change(db, access.actor, access.patient_id, asked, row_id, form.value)
        except OpsError as refused:
            db.refresh(found)
            form.refuse(refused)
        else:
            return redirect(request, _back(request, access, asked), _("Saved"))
    return _page(request, db, access, asked, form, found)


@router.post("/patients/{patient_id}/facts/{register}/{row_id}/close", name="person_facts:close")
def close(request: Request, register: str, row_id: int, access: IdentityWriter, db: Db, posted: PostedForm) -> Response:
    """End a fact."""
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, access.records, row_id)
    form = posted.check(CloseForm)
    if form.value is not None:
        try:
            service.close(db, access.actor, access.patient_id, asked, row_id, form.value.end_date)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _back(request, access, asked), _("Closed"))
    return _page(request, db, access, asked, _held(db, asked, found), found, close_form=form)


@router.post("/patients/{patient_id}/facts/{register}/{row_id}/error", name="person_facts:mark_in_error")
def mark_in_error(
    request: Request, register: str, row_id: int, access: IdentityWriter, db: Db, posted: PostedForm
) -> Response:
    """Take back a fact that was never true."""
    asked = queries.register_or_404(register)
    found = queries.row_or_404(db, asked, access.records, row_id)
    form = posted.check(ReasonForm)
    if form.value is not None:
        service.mark_in_error(db, access.actor, access.patient_id, asked, row_id, form.value.reason)
        return redirect(request, _back(request, access, asked), _("Marked as an error"))
    return _page(request, db, access, asked, _held(db, asked, found), found, error_form=form)


def _back(request: Request, access: PatientAccess, register: PersonRegister) -> str:
    page_of_person = request.app.url_path_for("patients:identity", patient_id=access.patient_id)
    return f"{page_of_person}#{register.name}"


def _held(db: Session, register: PersonRegister, found: Any) -> Form[Any]:
    known = {each.name: getattr(found, each.name, None) for each in register.fields}
    if getattr(found, "relative_id", None):
        relative = patient_or_404(db, found.relative_id)
        known["relative"] = relative.iin or relative.temporary_id
    return blank(known)


def _page(
    request: Request,
    db: Session,
    access: PatientAccess,
    register: PersonRegister,
    form: Form[Any],
    found: Any = None,
    *,
    close_form: Form[CloseForm] | None = None,
    error_form: Form[ReasonForm] | None = None,
) -> Response:
    scope = access.actor.scope(Permission.PATIENTS_IDENTITY_WRITE)
    options: dict[str, Any] = choices_of(db, scope, register.fields)
    if found is not None:
        held = queries.fixed_choices(db, register, [found])
        for name, pairs in held.items():
            options[name] = [*options.get(name, []), *(pair for pair in pairs if pair not in options.get(name, []))]
    refused = any(each is not None and each.errors for each in (form, close_form, error_form))
    return card_page(
        request,
        db,
        access,
        "person_facts/row.html",
        "person",
        register=register,
        form=reworded(form, register.fields),
        found=found,
        options=options,
        close_form=close_form or blank({"end_date": clock.today()}),
        error_form=error_form or blank(),
        back=_back(request, access, register),
        status_code=422 if refused else 200,
    )
