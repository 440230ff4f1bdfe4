"""Members of staff and their positions."""

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
from ops_app.modules.organizations import queries, service, structure_queries
from ops_app.modules.organizations.forms import EndForm, NewStaffForm, PositionForm, StaffForm
from ops_app.modules.organizations.permissions import TreeKeeper
from ops_app.modules.organizations.staff_schedule import schedule
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.ui.render import local_name, page, redirect

router = APIRouter()


@router.get("/staff/new", name="organizations:new_staff")
def new(request: Request, actor: TreeKeeper, db: Db) -> Response:
    return _new_page(request, db, actor, blank({"start_date": clock.today()}))


@router.post("/staff/new", name="organizations:add_staff")
def add(request: Request, actor: TreeKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(NewStaffForm)
    if form.value is not None:
        try:
            person = service.add_staff(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, staff_url(request, person.id), _("Added"))
    return _new_page(request, db, actor, form)


@router.get("/staff/{practitioner_id}", name="organizations:staff_member")
def staff_member(request: Request, practitioner_id: int, actor: TreeKeeper, db: Db) -> Response:
    return _person_page(request, db, actor, practitioner_id)


@router.post("/staff/{practitioner_id}", name="organizations:change_staff")
def change(request: Request, practitioner_id: int, actor: TreeKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(StaffForm)
    if form.value is not None:
        try:
            service.change_staff(db, actor, practitioner_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, staff_url(request, practitioner_id), _("Saved"))
    return _person_page(request, db, actor, practitioner_id, form=form)


@router.post("/staff/{practitioner_id}/positions", name="organizations:add_position")
def add_position(request: Request, practitioner_id: int, actor: TreeKeeper, db: Db, posted: PostedForm) -> Response:
    person = structure_queries.person_or_404(db, practitioner_id, service.managing(actor))
    form = posted.check(PositionForm)
    if form.value is not None:
        try:
            service.add_position(db, actor, person, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, staff_url(request, practitioner_id), _("Added"))
    return _person_page(request, db, actor, practitioner_id, position_form=form)


@router.post("/staff/{practitioner_id}/positions/{role_id}/end", name="organizations:end_position")
def end_position(
    request: Request, practitioner_id: int, role_id: int, actor: TreeKeeper, db: Db, posted: PostedForm
) -> Response:
    structure_queries.person_or_404(db, practitioner_id, service.managing(actor))
    form = posted.check(EndForm)
    if form.value is not None:
        try:
            service.end_position(db, actor, role_id, form.value.end_date)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, staff_url(request, practitioner_id), _("The position has ended"))
    return _person_page(request, db, actor, practitioner_id, end_form=form)


def staff_url(request: Request, practitioner_id: int) -> str:
    """The page of a member of staff."""
    return str(request.app.url_path_for("organizations:staff_member", practitioner_id=practitioner_id))


def _choices(db: Session, actor: Actor) -> dict[str, Any]:
    nodes = queries.tree(db, service.managing(actor))
    return {
        "places": [(node.id, local_name(node)) for node in nodes if node.kind in ("organization", "department")],
        "sites": [(node.id, local_name(node)) for node in nodes if node.kind == "site"],
        "positions": POSITIONS,
    }


def _new_page(request: Request, db: Session, actor: Actor, form: Form[NewStaffForm]) -> Response:
    status = 422 if form.errors else 200
    return page(request, "organizations/new_staff.html", form=form, status_code=status, **_choices(db, actor))


def _person_page(
    request: Request,
    db: Session,
    actor: Actor,
    practitioner_id: int,
    *,
    form: Form[StaffForm] | None = None,
    position_form: Form[PositionForm] | None = None,
    end_form: Form[EndForm] | None = None,
) -> Response:
    person = structure_queries.person_or_404(db, practitioner_id, service.managing(actor))
    refused = any(each and each.errors for each in (form, position_form, end_form))
    held = structure_queries.positions(db, practitioner_id)
    return page(
        request,
        "organizations/staff_member.html",
        person=person,
        form=form or blank({name: getattr(person, name) for name in StaffForm.model_fields}),
        position_form=position_form or blank({"start_date": clock.today()}),
        end_form=end_form or blank({"end_date": clock.today()}),
        held=held,
        scope=service.managing(actor),
        status_code=422 if refused else 200,
        **schedule(db, actor, practitioner_id, held),
        **_choices(db, actor),
    )
