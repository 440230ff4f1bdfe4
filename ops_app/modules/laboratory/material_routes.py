"""Material on its way: referrals that wait for an order, labels, the accompanying sheet, pictures and files."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Forbidden, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.barcode import code128_svg, datamatrix_svg
from ops_app.kit.dates import show_date
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.kit.spelling import fold
from ops_app.modules.laboratory import ordering, queries, specimens, titles
from ops_app.modules.laboratory.analyser_files import may_see_files, sent
from ops_app.modules.laboratory.forms import SheetForm
from ops_app.modules.laboratory.models import OrderService, Report, ResultFile
from ops_app.modules.laboratory.opening import open_order
from ops_app.modules.laboratory.permissions import LaboratoryWorker, MaterialTaker
from ops_app.modules.laboratory.values import title_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import ServiceRequest
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)

WAITING = ("active", "scheduled")


@router.get("/laboratory/referrals", name="laboratory:referrals")
def referrals(request: Request, actor: LaboratoryWorker, db: Db, paging: Paging, q: str = "") -> Response:
    """Laboratory referrals written at visits or received from outside that no order was made of."""
    found = fetch_page(
        db,
        _people_waiting(actor, q),
        paging,
        sortable={},
        default=[func.min(_URGENCY), func.max(ServiceRequest.event_at).desc(), Patient.id],
    )
    ids = [row.Patient.id for row in found.items]
    waiting = db.execute(_waiting(actor).where(Patient.id.in_(ids)).order_by(ServiceRequest.event_at.desc())).all()
    services = queries.services_by_code(db, {row.ServiceRequest.code for row in waiting if row.ServiceRequest.code})
    audit.read_many(db, actor, set(ids), rule="laboratory_referrals")
    people: dict[int, list[Any]] = {patient_id: [] for patient_id in ids}
    for row in waiting:
        people[row.Patient.id].append(row)
    return page(
        request,
        "laboratory/referrals.html",
        found=found,
        asked=q,
        people=people,
        services=services,
        full_name=full_name,
        title_of=title_of,
    )


_URGENCY = case((ServiceRequest.priority == "emergency", 0), (ServiceRequest.priority == "urgent", 1), else_=2)


def _people_waiting(actor: Actor, q: str) -> Select[Patient]:
    """Whose referrals wait; of those who bear a name or number, where one is asked for."""
    statement = _waiting(actor).with_only_columns(Patient).group_by(Patient.id)
    if not q.strip():
        return statement
    if q.strip().isdigit():
        return statement.where(Patient.iin == q.strip())
    for part in fold(q).split():
        statement = statement.where(or_(Patient.family_fold.startswith(part), Patient.given_fold.startswith(part)))
    return statement


def _waiting(actor: Actor) -> Select[ServiceRequest, Patient]:
    scope = actor.scope(Permission.LABORATORY_WORK_DO)
    addressed = func.coalesce(ServiceRequest.performer_organization_id, ServiceRequest.organization_id)
    taken = select(OrderService.id).where(OrderService.service_request_id == ServiceRequest.id)
    return (
        select(ServiceRequest, Patient)
        .select_from(ServiceRequest)
        .join(Patient, Patient.id == ServiceRequest.patient_id)
        .where(
            ServiceRequest.category == "laboratory",
            ServiceRequest.status.in_(WAITING),
            ServiceRequest.entered_in_error_at.is_(None),
            scope.condition(addressed),
            ~taken.exists(),
        )
    )


@router.post("/laboratory/referrals", name="laboratory:take_referrals")
def take_referrals(request: Request, actor: LaboratoryWorker, db: Db, posted: PostedForm) -> Response:
    """Make an order of the chosen referrals of one person."""
    sent = [str(value) for value in posted.data.getlist("request")]
    wanted = [int(value) for value in sent if value.isdecimal() and len(value) < 19]
    asked_for = _waiting(actor).where(ServiceRequest.id.in_(wanted)).order_by(ServiceRequest.event_at)
    chosen = [row.ServiceRequest for row in db.execute(asked_for)]
    for asked in chosen[:1]:
        open_patient(db, actor, asked.patient_id, Permission.LABORATORY_WORK_DO, rule="laboratory_referrals")
    laboratory_id = (chosen[0].performer_organization_id or chosen[0].organization_id) if chosen else 0
    order = ordering.order_referrals(db, actor, chosen, laboratory_id)
    url = str(request.app.url_path_for("laboratory:order", order_id=order.id))
    return redirect(request, url, _("The order is registered"))


@router.get("/laboratory/orders/{order_id}/labels", name="laboratory:labels")
def labels(request: Request, actor: MaterialTaker, db: Db, order_id: int) -> Response:
    """Labels of the tubes, to be printed."""
    order, access = open_order(db, actor, order_id)
    patient = db.get_one(Patient, access.patient_id)
    tubes = [
        (tube, code128_svg(tube.barcode), datamatrix_svg(tube.barcode))
        for tube in queries.specimens_of(db, order_id)
        if tube.status != "rejected"
    ]
    return page(
        request,
        "laboratory/labels.html",
        order=order,
        patient=patient,
        tubes=tubes,
        words=titles,
        name=full_name(patient),
    )


@router.get("/laboratory/labels/{barcode}.svg", name="laboratory:label")
def label(actor: MaterialTaker, db: Db, barcode: str, kind: str = "code128") -> Response:
    """One symbol as a picture, for a label printer."""
    order = queries.order_by_number(db, barcode)
    if order is None:
        raise NotFound(_("No order has the number %(code)s", code=barcode[:40]))
    open_order(db, actor, order.id)
    drawn = datamatrix_svg(barcode) if kind == "datamatrix" else code128_svg(barcode)
    return Response(drawn, media_type="image/svg+xml")


@router.get("/laboratory/send", name="laboratory:sending")
def sending(request: Request, actor: MaterialTaker, db: Db) -> Response:
    """Tubes that wait to be sent."""
    return _send_page(request, db, actor, blank({"delivery_date": show_date(clock.now())}))


def _send_page(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    waiting = queries.to_send(db, actor.scope(Permission.LABORATORY_SPECIMEN_COLLECT))
    people = {order.patient_id for _tube, order in waiting}
    names = {row.id: full_name(row) for row in db.scalars(select(Patient).where(Patient.id.in_(people)))}
    audit.read_many(db, actor, people, rule="laboratory_sending")
    return page(
        request,
        "laboratory/send.html",
        form=form,
        waiting=waiting,
        names=names,
        laboratories=queries.laboratories(db),
        words=titles,
        status_code=status_code,
    )


@router.post("/laboratory/send", name="laboratory:send")
def send(request: Request, actor: MaterialTaker, db: Db, posted: PostedForm) -> Response:
    """Send tubes with a sheet."""
    form = posted.check(SheetForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                sheet = specimens.send(db, actor, form.value, place_of(db, actor).organization.id)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("laboratory:sheet", sheet_id=sheet.id))
            return redirect(request, url, _("The sheet is ready"))
    return _send_page(request, db, actor, form, 422)


@router.get("/laboratory/sheets/{sheet_id}", name="laboratory:sheet")
def sheet_page(request: Request, actor: MaterialTaker, db: Db, sheet_id: int) -> Response:
    """The accompanying sheet with the day of delivery, as it travels with the tubes."""
    sheet = queries.sheet_or_404(db, sheet_id)
    scope = actor.scope(Permission.LABORATORY_SPECIMEN_COLLECT)
    if not (scope.allows(sheet.organization_id) or scope.allows(sheet.laboratory_id)):
        raise Forbidden(_("This sheet belongs to another organisation"))
    rows = queries.on_sheet(db, sheet_id)
    people = {order.patient_id for _tube, order in rows}
    names = {row.id: row for row in db.scalars(select(Patient).where(Patient.id.in_(people)))}
    audit.read_many(db, actor, people, rule="laboratory_sheet")
    return page(
        request,
        "laboratory/sheet.html",
        sheet=sheet,
        rows=rows,
        names=names,
        full_name=full_name,
        sender=db.get_one(Organization, sheet.organization_id),
        laboratory=db.get_one(Organization, sheet.laboratory_id),
        symbol=code128_svg,
        words=titles,
    )


@router.get("/laboratory/files/{file_id}", name="laboratory:file")
def file(actor: MaterialTaker, db: Db, file_id: int) -> Response:
    """A file that came with a report."""
    found = db.get(ResultFile, file_id)
    report = db.get(Report, found.report_id) if found is not None and found.report_id else None
    if found is None or report is None or report.patient_id is None:
        raise NotFound(_("There is no such file"))
    if report.state == "matched" and report.order_id is not None:
        order, _access = open_order(db, actor, report.order_id)
        if not may_see_files(actor, order):
            raise Forbidden(_("Nobody has confirmed all results of this order yet"))
    else:
        open_patient(db, actor, report.patient_id, Permission.LABORATORY_SPECIMEN_COLLECT)
    return sent(found)
