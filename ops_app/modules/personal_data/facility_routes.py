"""Facilities that leave: the end of the contract, and exports handed over for their check."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.working_days import working_days_left
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organizations
from ops_app.modules.personal_data import storage
from ops_app.modules.personal_data.forms import CheckForm, DeliveryForm, TermForm
from ops_app.modules.personal_data.models import ExportDelivery, FacilityTerm
from ops_app.modules.personal_data.permissions import RegisterReader, RequestDecider
from ops_app.modules.personal_data.titles import DELIVERIES, DELIVERY_COLOURS
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/personal-data/facilities", name="personal_data:facilities")
def facilities(request: Request, actor: RegisterReader, db: Db) -> Response:
    """Ended contracts with the day until which everything is kept, and exports under check."""
    return _page(request, db, actor, {})


def _page(request: Request, db: Session, actor: Actor, shown: dict[str, Form[Any]]) -> Response:
    scope = actor.scope(Permission.PERSONAL_DATA_REGISTER_READ)
    ended = db.execute(
        select(FacilityTerm, Organization)
        .join(Organization, Organization.id == FacilityTerm.organization_id)
        .where(scope.condition(FacilityTerm.organization_id))
        .order_by(FacilityTerm.ended_on.desc())
    ).all()
    deliveries = db.execute(
        select(ExportDelivery, Organization)
        .join(Organization, Organization.id == ExportDelivery.organization_id)
        .where(scope.condition(ExportDelivery.organization_id))
        .order_by(ExportDelivery.id.desc())
    ).all()
    replaced = {row.ExportDelivery.replaces_id for row in deliveries}
    return page(
        request,
        "personal_data/facilities.html",
        status_code=422 if shown else 200,
        ended=ended,
        deliveries=deliveries,
        rejected=[
            (row.ExportDelivery.id, f"№ {row.ExportDelivery.id}, {local_name(row.Organization)}")
            for row in deliveries
            if row.ExportDelivery.state == "rejected" and row.ExportDelivery.id not in replaced
        ],
        term=shown.get("term") or blank(),
        delivery=shown.get("delivery") or blank({"delivered_on": clock.today()}),
        check=shown.get("check") or blank(),
        places=[(row.id, local_name(row)) for row in organizations(db, scope)],
        may_decide=actor.may(Permission.PERSONAL_DATA_REQUEST_DECIDE),
        states=DELIVERIES,
        colours=DELIVERY_COLOURS,
        days_left=lambda due: working_days_left(clock.today(), due),
    )


@router.post("/personal-data/facilities/term", name="personal_data:end_contract")
def end_contract(request: Request, actor: RequestDecider, db: Db, posted: PostedForm) -> Response:
    """Note the end of a contract."""
    form = posted.check(TermForm)
    if form.value is not None:
        try:
            storage.end_contract(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _done(request, _("Saved"))
    return _page(request, db, actor, {"term": form})


@router.post("/personal-data/deliveries", name="personal_data:deliver")
def deliver(request: Request, actor: RequestDecider, db: Db, posted: PostedForm) -> Response:
    """Register an export that was handed over."""
    form = posted.check(DeliveryForm)
    if form.value is not None:
        try:
            storage.deliver(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _done(request, _("The delivery is registered"))
    return _page(request, db, actor, {"delivery": form})


@router.post("/personal-data/deliveries/{delivery_id}/check", name="personal_data:check_delivery")
def check_delivery(request: Request, actor: RequestDecider, db: Db, delivery_id: int, posted: PostedForm) -> Response:
    """Accept an export or reject it."""
    row = db.get(ExportDelivery, delivery_id)
    if row is None:
        raise NotFound(_("There is no such delivery"))
    form = posted.check(CheckForm)
    if form.value is not None:
        try:
            storage.check(db, actor, row, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _done(request, _("Saved"))
    return _page(request, db, actor, {"check": form})


def _done(request: Request, text: str) -> Response:
    return redirect(request, str(request.app.url_path_for("personal_data:facilities")), text)
