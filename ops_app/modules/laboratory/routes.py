"""The bench: worklists by workplace, scanning, and one order from the tube to the confirmed result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import case, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Conflict, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.laboratory import confirming, correcting, ordering, queries, results, specimens, titles
from ops_app.modules.laboratory.forms import (
    CallForm,
    CancelForm,
    ChangeForm,
    CollectForm,
    ConfirmForm,
    CorrectForm,
    RejectForm,
)
from ops_app.modules.laboratory.models import LabOrder, OrderService
from ops_app.modules.laboratory.opening import is_laboratory, open_order
from ops_app.modules.laboratory.order_page import order_context, seen_by_requester, tests_of
from ops_app.modules.laboratory.permissions import LaboratoryWorker, MaterialTaker, ResultConfirmer, ResultEnterer
from ops_app.modules.laboratory.report_document import report_panel
from ops_app.modules.laboratory.values import title_of
from ops_app.modules.patients.card import card_page
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.signatures.acts import demand
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)

_URGENCY = case((LabOrder.priority == "emergency", 0), (LabOrder.priority == "urgent", 1), else_=2)


@router.get("/laboratory", name="laboratory:bench")
def bench(request: Request, actor: LaboratoryWorker, db: Db, paging: Paging, workplace: int | None = None) -> Response:
    """What is to be done, by workplace."""
    scope = actor.scope(Permission.LABORATORY_WORK_DO)
    found = fetch_page(
        db,
        queries.worklist(workplace, scope),
        paging,
        sortable={"at": LabOrder.ordered_at},
        default=[_URGENCY, LabOrder.ordered_at, OrderService.id],
    )
    people = {row.LabOrder.patient_id for row in found.items}
    names = {patient.id: full_name(patient) for patient in db.scalars(select(Patient).where(Patient.id.in_(people)))}
    audit.read_many(db, actor, people, rule="laboratory_worklist")
    return page(
        request,
        "laboratory/bench.html",
        found=found,
        names=names,
        workplaces=queries.workplaces(db, scope),
        chosen=workplace,
        missing_calls=confirming.calls_missing(db, actor),
        first_to_call=confirming.first_to_call(db, actor),
        words=titles,
        title_of=title_of,
    )


@router.get("/laboratory/scan", name="laboratory:scan")
def scan(request: Request, actor: MaterialTaker, db: Db, code: str = "") -> Response:
    """The order behind a scanned or typed number; Enter in the empty field leaves one where he is."""
    if not code.strip():
        return redirect(request, str(request.app.url_path_for("laboratory:bench")))
    order = queries.order_by_number(db, code)
    if order is None:
        raise NotFound(
            _("No order has the number %(code)s", code=code[:40]),
            advice=_("Scan the label again, or type the ten digits above the bars."),
        )
    return redirect(request, str(request.app.url_path_for("laboratory:order", order_id=order.id)))


@router.get("/laboratory/orders/{order_id}", name="laboratory:order")
def order_page(request: Request, actor: MaterialTaker, db: Db, order_id: int) -> Response:
    """An order."""
    order, _access = open_order(db, actor, order_id)
    seen_by_requester(db, actor, order)
    return _page(request, db, actor, order_id, blank())


def _page(
    request: Request,
    db: Session,
    actor: Actor,
    order_id: int,
    form: Form[Any],
    *,
    about: str = "",
    status_code: int = 200,
) -> Response:
    order = queries.order_or_404(db, order_id)
    _order, access = open_order(db, actor, order_id)
    now = clock.now()
    return card_page(
        request,
        db,
        access,
        "laboratory/order.html",
        "laboratory",
        status_code=status_code,
        form=form,
        about=about,
        moment=blank({"date": show_date(now), "time": show_time(now)}),
        blank=blank(),
        **order_context(db, actor, order),
        **report_panel(db, actor, order),
    )


def _done(request: Request, order_id: int, text: str) -> Response:
    return redirect(request, str(request.app.url_path_for("laboratory:order", order_id=order_id)), text)


def _attempt(
    request: Request,
    db: Session,
    actor: Actor,
    order_id: int,
    form: Form[Any],
    act: Callable[[Any], object],
    told: str,
    about: str,
) -> Response:
    """Do what a form asks, or show the page again with what is wrong beside its field."""
    open_order(db, actor, order_id)
    if form.value is not None:
        try:
            with db.begin_nested():
                act(form.value)
        except OpsError as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            return _done(request, order_id, told)
    return _page(request, db, actor, order_id, form, about=about, status_code=422)


@router.post("/laboratory/orders/{order_id}/collect", name="laboratory:collect")
def collect(request: Request, actor: MaterialTaker, db: Db, order_id: int, posted: PostedForm) -> Response:
    """Material was taken."""
    form = posted.check(CollectForm)
    return _attempt(
        request,
        db,
        actor,
        order_id,
        form,
        lambda data: specimens.collect(db, actor, data),
        _("The material is taken"),
        "collect",
    )


@router.post("/laboratory/specimens/{specimen_id}/receive", name="laboratory:receive")
def receive(request: Request, actor: LaboratoryWorker, db: Db, specimen_id: int) -> Response:
    """Accept a tube."""
    tube = queries.specimen_or_404(db, specimen_id)
    open_order(db, actor, tube.order_id)
    specimens.receive(db, actor, specimen_id)
    return _done(request, tube.order_id, _("The material is accepted"))


@router.post("/laboratory/specimens/{specimen_id}/reject", name="laboratory:reject")
def reject(request: Request, actor: MaterialTaker, db: Db, specimen_id: int, posted: PostedForm) -> Response:
    """Reject a tube."""
    tube = queries.specimen_or_404(db, specimen_id)
    return _attempt(
        request,
        db,
        actor,
        tube.order_id,
        posted.check(RejectForm),
        lambda data: specimens.reject(db, actor, specimen_id, data),
        _("The material is rejected"),
        f"reject-{specimen_id}",
    )


@router.post("/laboratory/tests/{order_service_id}/results", name="laboratory:enter")
def enter(request: Request, actor: ResultEnterer, db: Db, order_service_id: int, posted: PostedForm) -> Response:
    """Save what was typed so far."""
    line = queries.order_service_or_404(db, order_service_id)
    open_order(db, actor, line.order_id)
    typed, was = _typed(posted, "v-"), _typed(posted, "was-")
    errors = results.typed_errors(db, order_service_id, typed, was)
    if errors:
        form: Form[Any] = Form(
            {f"v-{code}": text for code, text in typed.items()}, {f"v-{code}": text for code, text in errors.items()}
        )
        return _page(request, db, actor, line.order_id, form, about=f"enter-{order_service_id}", status_code=422)
    results.enter(db, actor, order_service_id, typed, was)
    return _done(request, line.order_id, _("The results are saved"))


def _typed(posted: Posted, prefix: str) -> dict[str, str]:
    """Values by parameter code: of the fields, or what stood in them when the page was opened."""
    return {name.removeprefix(prefix): posted.get(name) or "" for name in posted.data if name.startswith(prefix)}


@router.post("/laboratory/results/{result_id}/remove", name="laboratory:remove")
def remove(request: Request, actor: ResultEnterer, db: Db, result_id: int) -> Response:
    """Remove a value that is not confirmed."""
    line = results.remove(db, actor, result_id)
    open_order(db, actor, line.order_id)
    return _done(request, line.order_id, _("The value is removed"))


@router.post("/laboratory/tests/{order_service_id}/confirm", name="laboratory:confirm")
def confirm(request: Request, actor: ResultConfirmer, db: Db, order_service_id: int, posted: PostedForm) -> Response:
    """Confirm the values of a test."""
    line = queries.order_service_or_404(db, order_service_id)
    order, _access = open_order(db, actor, line.order_id)
    about = _("Order № %(number)s, test № %(test)s", number=order.order_number, test=line.id)
    signing = demand(request, db, actor, posted, "action:result_confirmation", order.laboratory_id, about)
    if signing is not None:
        return signing
    return _attempt(
        request,
        db,
        actor,
        line.order_id,
        posted.check(ConfirmForm),
        lambda data: confirming.confirm(db, actor, order_service_id, data),
        _("The results are confirmed; the requester sees them"),
        f"confirm-{order_service_id}",
    )


@router.post("/laboratory/orders/{order_id}/confirm", name="laboratory:confirm_all")
def confirm_all(request: Request, actor: ResultConfirmer, db: Db, order_id: int, posted: PostedForm) -> Response:
    """Confirm all tests of an order that were entered and not held when the page was opened."""
    order, _access = open_order(db, actor, order_id)
    tubes = {tube.id: tube for tube in queries.specimens_of(db, order.id)}
    tests = tests_of(db, order, tubes, inside=is_laboratory(actor, order))
    seen = {test.line.id: posted.get(f"seen-{test.line.id}") for test in tests if test.is_ready}
    from_page = any(name.startswith("seen-") for name in posted.data)
    ready = [line_id for line_id, told in seen.items() if told or not from_page]
    if not ready:
        raise Conflict(_("There is nothing to confirm here"))
    about = _("Order № %(number)s, test № %(test)s", number=order.order_number, test=", ".join(map(str, ready)))
    signing = demand(request, db, actor, posted, "action:result_confirmation", order.laboratory_id, about)
    if signing is not None:
        return signing
    for line_id in ready:
        confirming.confirm(db, actor, line_id, ConfirmForm(seen=seen[line_id]))
    return _done(request, order_id, _("The results are confirmed; the requester sees them"))


@router.post("/laboratory/results/{result_id}/correct", name="laboratory:correct")
def correct(request: Request, actor: ResultConfirmer, db: Db, result_id: int, posted: PostedForm) -> Response:
    """Correct a confirmed value."""
    order_id = _order_of(db, result_id)
    return _attempt(
        request,
        db,
        actor,
        order_id,
        posted.check(CorrectForm),
        lambda data: correcting.correct(db, actor, result_id, data),
        _("The result is corrected; the earlier one stays readable"),
        f"correct-{result_id}",
    )


@router.post("/laboratory/results/{result_id}/call", name="laboratory:call")
def call(request: Request, actor: ResultEnterer, db: Db, result_id: int, posted: PostedForm) -> Response:
    """Keep who was told of a critical value."""
    order_id = _order_of(db, result_id)
    return _attempt(
        request,
        db,
        actor,
        order_id,
        posted.check(CallForm),
        lambda data: confirming.record_call(db, actor, result_id, data),
        _("The call is recorded"),
        f"call-{result_id}",
    )


def _order_of(db: Session, result_id: int) -> int:
    result = confirming.result_or_404(db, result_id)
    if result.order_service_id is None:
        raise NotFound(_("There is no such result"))
    return queries.order_service_or_404(db, result.order_service_id).order_id


@router.post("/laboratory/tests/{order_service_id}/change", name="laboratory:change")
def change(request: Request, actor: LaboratoryWorker, db: Db, order_service_id: int, posted: PostedForm) -> Response:
    """Replace a service or add an interchangeable one."""
    line = queries.order_service_or_404(db, order_service_id)
    return _attempt(
        request,
        db,
        actor,
        line.order_id,
        posted.check(ChangeForm),
        lambda data: ordering.change_service(db, actor, order_service_id, data),
        _("The order is changed"),
        f"change-{order_service_id}",
    )


@router.post("/laboratory/orders/{order_id}/cancel", name="laboratory:cancel")
def cancel(request: Request, actor: MaterialTaker, db: Db, order_id: int, posted: PostedForm) -> Response:
    """Cancel an order."""
    return _attempt(
        request,
        db,
        actor,
        order_id,
        posted.check(CancelForm),
        lambda data: ordering.cancel_order(db, actor, order_id, data.reason),
        _("The order is cancelled"),
        "cancel",
    )


@router.get("/laboratory/orders/{order_id}/print", name="laboratory:print")
def print_order(request: Request, actor: MaterialTaker, db: Db, order_id: int) -> Response:
    """Confirmed results on paper, whole or so far."""
    order, access = open_order(db, actor, order_id)
    seen_by_requester(db, actor, order)
    return card_page(request, db, access, "laboratory/print.html", "laboratory", **order_context(db, actor, order))
