"""The laboratory in a person's card: ordering, results with their trend, what is done about abnormal ones."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.laboratory import card, follow_up, ordering, queries, titles
from ops_app.modules.laboratory.forms import BookedForm, DoneForm, OrderForm, ToldForm
from ops_app.modules.laboratory.permissions import CardReader, TaskAnswerer, TestOrderer, TestRegistrar
from ops_app.modules.laboratory.values import title_of
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.visits.forms import PAYERS, PRIORITIES
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)


@router.get("/patients/{patient_id}/laboratory", name="laboratory:of_patient")
def of_patient(request: Request, access: CardReader, db: Db) -> Response:
    """Orders and results of a person."""
    who = person(db, access)
    return card_page(
        request,
        db,
        access,
        "laboratory/of_patient.html",
        "laboratory",
        who=who,
        orders=card.orders_of(db, who.records),
        results=card.newest_results(db, who.records),
        documents=card.documents_of(db, who.records),
        follow_ups=follow_up.open_of(db, who.records),
        group=card.blood_group_text(db, who.records),
        may_order=access.actor.may(Permission.LABORATORY_ORDER_WRITE) and who.header.is_live,
        words=titles,
        title_of=title_of,
    )


@router.get("/patients/{patient_id}/laboratory/trends/{parameter_id}", name="laboratory:trend")
def trend(request: Request, access: CardReader, db: Db, parameter_id: int) -> Response:
    """One parameter over time."""
    who = person(db, access)
    parameter = queries.parameter_or_404(db, parameter_id)
    shown = card.history(db, who.records, parameter)
    if not shown:
        raise NotFound(_("There is no such result"))
    return card_page(
        request,
        db,
        access,
        "laboratory/trend.html",
        "laboratory",
        who=who,
        parameter=parameter,
        title=title_of(parameter),
        rows=shown,
        chart=card.chart(shown),
        words=titles,
    )


@router.get("/patients/{patient_id}/laboratory/order", name="laboratory:new_order")
def new_order(request: Request, access: TestOrderer, db: Db, encounter: int | None = None) -> Response:
    """The form of an order."""
    return _order_form(request, db, access, blank({"encounter_id": encounter or ""}), "laboratory:order_tests")


@router.post("/patients/{patient_id}/laboratory/order", name="laboratory:order_tests")
def order_tests(request: Request, access: TestOrderer, db: Db, posted: PostedForm) -> Response:
    """Order tests."""
    return _order(request, db, access, posted.check(OrderForm), "laboratory:order_tests")


@router.get("/patients/{patient_id}/laboratory/register", name="laboratory:new_registration")
def new_registration(request: Request, access: TestRegistrar, db: Db) -> Response:
    """The same form for an order that came on paper."""
    return _order_form(request, db, access, blank(), "laboratory:register")


@router.post("/patients/{patient_id}/laboratory/register", name="laboratory:register")
def register(request: Request, access: TestRegistrar, db: Db, posted: PostedForm) -> Response:
    """Register an order in the laboratory."""
    return _order(request, db, access, posted.check(OrderForm), "laboratory:register")


def _order_form(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], target: str, status_code: int = 200
) -> Response:
    own = place_of(db, access.actor).organization.id
    listed = sorted(queries.laboratories(db), key=lambda place: place.id != own)
    services = queries.catalogue(db)
    groups: dict[str, list[Any]] = {}
    for service in services:
        groups.setdefault(service.specimen_type, []).append(service)
    return card_page(
        request,
        db,
        access,
        "laboratory/new_order.html",
        "laboratory",
        status_code=status_code,
        form=form,
        target=target,
        laboratories=listed,
        groups=groups,
        chosen=form.texts("services"),
        priorities=PRIORITIES,
        payers=PAYERS,
        on_paper=target == "laboratory:register",
        words=titles,
        title_of=title_of,
    )


def _order(request: Request, db: Session, access: PatientAccess, form: Form[OrderForm], target: str) -> Response:
    if form.value is not None:
        try:
            with db.begin_nested():
                own = place_of(db, access.actor).organization.id
                order = ordering.order_tests(db, access.actor, access.patient_id, form.value, own)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("laboratory:order", order_id=order.id))
            return redirect(request, url, _("The tests are ordered"))
    return _order_form(request, db, access, form, target, 422)


@router.get("/laboratory/follow-ups/{follow_up_id}", name="laboratory:follow_up")
def follow_up_page(request: Request, actor: TaskAnswerer, db: Db, follow_up_id: int) -> Response:
    """An abnormal result and what is done about it; reading it here is the first step."""
    row = follow_up.follow_up_or_404(db, follow_up_id)
    open_patient(db, actor, row.patient_id, Permission.PATIENTS_CARD_READ)
    if row.state != "done" and follow_up.may_act(actor, row):
        follow_up.see(db, actor, follow_up_id)
    return _follow_up_page(request, db, actor, follow_up_id, blank())


def _follow_up_page(
    request: Request,
    db: Session,
    actor: Actor,
    follow_up_id: int,
    form: Form[Any],
    about: str = "",
    status_code: int = 200,
) -> Response:
    row = follow_up.follow_up_or_404(db, follow_up_id)
    access = open_patient(db, actor, row.patient_id, Permission.PATIENTS_CARD_READ)
    return card_page(
        request,
        db,
        access,
        "laboratory/follow_up.html",
        "laboratory",
        status_code=status_code,
        row=row,
        results=card.abnormal_of(db, row),
        may_act=follow_up.may_act(actor, row) and row.state != "done",
        form=form,
        blank=blank(),
        about=about,
        words=titles,
    )


@router.post("/laboratory/follow-ups/{follow_up_id}/{step}", name="laboratory:follow_up_step")
def follow_up_step(
    request: Request, actor: TaskAnswerer, db: Db, follow_up_id: int, step: str, posted: PostedForm
) -> Response:
    """Tell, book, finish."""
    steps: dict[str, tuple[Any, Any]] = {
        "told": (ToldForm, follow_up.tell),
        "booked": (BookedForm, follow_up.book),
        "done": (DoneForm, follow_up.finish),
    }
    if step not in steps:
        raise NotFound(_("There is no such step"))
    row = follow_up.follow_up_or_404(db, follow_up_id)
    open_patient(db, actor, row.patient_id, Permission.PATIENTS_CARD_READ)
    model, act = steps[step]
    form: Form[Any] = posted.check(model)
    if form.value is not None:
        try:
            with db.begin_nested():
                act(db, actor, follow_up_id, form.value)
        except OpsError as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("laboratory:follow_up", follow_up_id=follow_up_id))
            return redirect(request, url, _("Recorded"))
    return _follow_up_page(request, db, actor, follow_up_id, form, step, 422)
