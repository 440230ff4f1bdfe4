"""One patient watched at home: trends, values by hand, limits, who takes part."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _, ngettext
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.devices.queries import senders
from ops_app.modules.monitoring import device_queries, intake, queries, response, service, texts
from ops_app.modules.monitoring.chart import Chart, Series, draw
from ops_app.modules.monitoring.forms import ApplyForm, EndForm, EnrolmentForm, LimitsForm, ValuesForm
from ops_app.modules.monitoring.indicators import declaration, indicators
from ops_app.modules.monitoring.models import Enrolment, Value, Watched
from ops_app.modules.monitoring.permissions import PatientEnroller, PatientValueWriter, PatientWatcher
from ops_app.modules.monitoring.routes import is_silent
from ops_app.modules.organizations.queries import place_of, practitioner_names, practitioners_of, short_name
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.visits.vitals import show_unit
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)

PERIODS = (7, 30, 90)


@router.get("/patients/{patient_id}/monitoring", name="monitoring:of_patient")
def of_patient(request: Request, access: PatientWatcher, db: Db, days: int = 7) -> Response:
    return _page(request, db, access, blank(), days=days if days in PERIODS else 7)


def _page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], *, days: int = 7, status_code: int = 200
) -> Response:
    who = person(db, access)
    actor = access.actor
    scope = actor.scope(Permission.MONITORING_RECORD_READ)
    enrolment = queries.open_enrolment(db, who.records, scope)
    shown: dict[str, Any] = {"former": queries.ended(db, who.records, scope)}
    if enrolment is not None:
        since = clock.now() - dt.timedelta(days=days)
        values = queries.values(db, enrolment.id, since)
        rows = queries.watched(db, [enrolment.id])
        parts = queries.participants(db, enrolment.id)
        last = max((value.measured_at for value in values), default=None)
        shown |= {
            "watched": [(row, texts.limits(row.code, intake.limits_now(db, enrolment, row))) for row in rows],
            "charts": _charts(db, enrolment, list(rows), values, since),
            "values": list(reversed(values))[:100],
            "alerts": queries.alerts(db, enrolment.id),
            "participants": parts,
            "names": practitioner_names(db, [row.practitioner_id for row in parts]),
            "silent": is_silent(enrolment, last),
            "devices": device_queries.bindings(db, enrolment.id),
            "keyless": device_queries.without_key(db, enrolment.id),
            "refusals": device_queries.refusals(db, enrolment.id),
            "device_names": senders(db, (f"device:{each.device_id}" for each in values if each.device_id)),
            "free_devices": device_queries.free(db, actor.scope(Permission.MONITORING_ENROLMENT_WRITE)),
            "today": clock.today(),
            "visits": queries.visits_for_values(db, who.records, actor.scope(Permission.VISITS_VITALS_WRITE)),
        }
    return card_page(
        request,
        db,
        access,
        "monitoring/patient.html",
        "monitoring",
        who=who,
        enrolment=enrolment,
        period_tabs=[
            (ngettext("%(num)d day", "%(num)d days", each), f"{_address(request, access)}?days={each}", each == days)
            for each in PERIODS
        ],
        show_unit=show_unit,
        may_enrol=actor.may(Permission.MONITORING_ENROLMENT_WRITE),
        may_enter=actor.may(Permission.MONITORING_VALUE_WRITE),
        may_apply=actor.may(Permission.VISITS_VITALS_WRITE),
        indicators=indicators(),
        texts=texts,
        form=form,
        status_code=status_code,
        **shown,
    )


def _charts(db: Session, enrolment: Enrolment, rows: list[Watched], values: Any, since: dt.datetime) -> list[Chart]:
    groups: dict[str, list[Series]] = {}
    for row in rows:
        indicator = indicators()[row.code]
        own = [value for value in values if value.code == row.code]
        groups.setdefault(indicator.group, []).append(Series(indicator, intake.limits_now(db, enrolment, row), own))
    return [draw(series, since, clock.now(), lambda moment: show_date(moment)[:5]) for series in groups.values()]


@router.get("/patients/{patient_id}/monitoring/enrol", name="monitoring:enrol")
def enrolment_form(request: Request, access: PatientEnroller, db: Db) -> Response:
    who = person(db, access)
    found = queries.open_enrolment(db, who.records, access.actor.scope(Permission.MONITORING_ENROLMENT_WRITE))
    if found is not None:
        return _enrolment_page(request, db, access, blank(service.known(db, found)), found)
    usual = ["8480-6", "8462-4", "8867-4"]
    start = {"indicators": usual, "treating_id": access.actor.practitioner_id, "every_hours": declaration().stale_hours}
    return _enrolment_page(request, db, access, blank(start), None)


@router.post("/patients/{patient_id}/monitoring/enrol", name="monitoring:save_enrolment")
def save_enrolment(request: Request, access: PatientEnroller, db: Db, posted: PostedForm) -> Response:
    actor, who = access.actor, person(db, access)
    found = queries.open_enrolment(db, who.records, actor.scope(Permission.MONITORING_ENROLMENT_WRITE))
    form = posted.check(EnrolmentForm)
    if form.value is not None:
        try:
            if found is not None:
                service.change(db, actor, found, form.value)
            else:
                service.enrol(db, actor, access.patient_id, form.value, place_of(db, actor))
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _address(request, access), _("The patient is watched at home"))
    return _enrolment_page(request, db, access, form, found)


def _enrolment_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], found: Enrolment | None
) -> Response:
    organization_id = found.organization_id if found else place_of(db, access.actor).organization.id
    staff = {
        row.Practitioner.id: short_name(
            row.Practitioner.family_name, row.Practitioner.given_name, row.Practitioner.patronymic
        )
        for row in practitioners_of(db, [organization_id])
    }
    return card_page(
        request,
        db,
        access,
        "monitoring/enrol.html",
        "monitoring",
        enrolment=found,
        staff=list(staff.items()),
        indicators=indicators(),
        form=form,
        status_code=422 if form.errors else 200,
    )


@router.post("/patients/{patient_id}/monitoring/end", name="monitoring:end")
def end(request: Request, access: PatientEnroller, db: Db, posted: PostedForm) -> Response:
    found = _enrolment(db, access, Permission.MONITORING_ENROLMENT_WRITE)
    form = posted.check(EndForm)
    if form.value is not None:
        try:
            service.end(db, access.actor, found, form.value.reason)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _address(request, access), _("The patient is not watched any more"))
    return _page(request, db, access, form, status_code=422)


@router.get("/patients/{patient_id}/monitoring/limits/{code}", name="monitoring:limits")
def limits_form(request: Request, access: PatientEnroller, db: Db, code: str) -> Response:
    enrolment, row = _watched(db, access, code)
    now = intake.limits_now(db, enrolment, row).model_dump()
    # whole, as they are kept, and written as people here write them: 90, 37,25
    written = {name: f"{value:g}".replace(".", ",") if value is not None else None for name, value in now.items()}
    return _limits_page(request, db, access, row, blank(written))


@router.post("/patients/{patient_id}/monitoring/limits/{code}", name="monitoring:set_limits")
def set_limits(request: Request, access: PatientEnroller, db: Db, code: str, posted: PostedForm) -> Response:
    enrolment, row = _watched(db, access, code)
    form = posted.check(LimitsForm)
    if form.value is not None:
        try:
            by_age = posted.get("by_age") is not None
            service.set_limits(db, access.actor, enrolment, row, None if by_age else form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _address(request, access), _("The limits are saved"))
    return _limits_page(request, db, access, row, form)


def _limits_page(
    request: Request, db: Session, access: PatientAccess, row: Watched, form: Form[LimitsForm]
) -> Response:
    indicator = indicators()[row.code]
    return card_page(
        request,
        db,
        access,
        "monitoring/limits.html",
        "monitoring",
        row=row,
        indicator=indicator,
        unit=show_unit(indicator.unit),
        form=form,
        status_code=422 if form.errors else 200,
    )


@router.get("/patients/{patient_id}/monitoring/values", name="monitoring:values")
def values_form(request: Request, access: PatientValueWriter, db: Db) -> Response:
    enrolment = _enrolment(db, access, Permission.MONITORING_VALUE_WRITE)
    now = {"date": show_date(clock.today()), "time": show_time(clock.now()), "entry": "patient"}
    return _values_page(request, db, access, enrolment, blank(now))


@router.post("/patients/{patient_id}/monitoring/values", name="monitoring:enter_values")
def enter_values(request: Request, access: PatientValueWriter, db: Db, posted: PostedForm) -> Response:
    enrolment = _enrolment(db, access, Permission.MONITORING_VALUE_WRITE)
    form = posted.check(ValuesForm)
    if form.value is not None:
        try:
            taken = intake.enter(db, access.actor, enrolment, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _address(request, access), *_said(taken))
    return _values_page(request, db, access, enrolment, form)


def _said(taken: list[Value]) -> tuple[str, str]:
    """What to tell whoever typed: a critical value is news for the one who holds the telephone."""
    if any(value.level == "critical" for value in taken):
        return _("The values are recorded. One is critical: everybody who watches this patient is told."), "danger"
    return _("The values are recorded"), "success"


def _values_page(
    request: Request, db: Session, access: PatientAccess, enrolment: Enrolment, form: Form[Any]
) -> Response:
    rows = queries.watched(db, [enrolment.id])
    newest = queries.newest(db, [enrolment.id]).get(enrolment.id, {})
    return card_page(
        request,
        db,
        access,
        "monitoring/values.html",
        "monitoring",
        fields=[(indicators()[row.code], show_unit(indicators()[row.code].unit), newest.get(row.code)) for row in rows],
        texts=texts,
        form=form,
        status_code=422 if form.errors else 200,
    )


@router.post("/patients/{patient_id}/monitoring/apply", name="monitoring:apply")
def apply(request: Request, access: PatientValueWriter, db: Db, posted: PostedForm) -> Response:
    enrolment = _enrolment(db, access, Permission.MONITORING_VALUE_WRITE)
    form = posted.check(ApplyForm)
    if form.value is not None:
        try:
            response.apply_to_visit(db, access.actor, enrolment, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            address = request.app.url_path_for("visits:visit", encounter_id=form.value.encounter_id)
            return redirect(request, address, _("The values stand in the visit with their time and device"))
    return _page(request, db, access, form, status_code=422)


def _enrolment(db: Session, access: PatientAccess, permission: Permission) -> Enrolment:
    return queries.enrolment_or_404(db, person(db, access).records, access.actor.scope(permission))


def _watched(db: Session, access: PatientAccess, code: str) -> tuple[Enrolment, Watched]:
    enrolment = _enrolment(db, access, Permission.MONITORING_ENROLMENT_WRITE)
    for row in queries.watched(db, [enrolment.id]):
        if row.code == code:
            return enrolment, row
    raise NotFound(_("This indicator is not watched"))


def _address(request: Request, access: PatientAccess) -> str:
    return str(request.app.url_path_for("monitoring:of_patient", patient_id=access.patient_id))
