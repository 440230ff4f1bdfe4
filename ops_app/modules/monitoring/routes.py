"""The list of patients watched at home, and the alerts."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.task.models import Task, TaskEvent
from ops_app.modules.monitoring import queries, response, texts
from ops_app.modules.monitoring.forms import MeasureForm
from ops_app.modules.monitoring.indicators import indicators
from ops_app.modules.monitoring.models import Enrolment
from ops_app.modules.monitoring.permissions import Responder, Watcher
from ops_app.modules.monitoring.task_kinds import CRITICAL, OUT_OF_LIMITS, subject_of
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.tasks.texts import ACTIONS
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)

RULE = "monitoring"
"""The rule that lets an organisation see whom it watches."""


@router.get("/monitoring", name="monitoring:list")
def watched_patients(request: Request, actor: Watcher, db: Db, paging: Paging) -> Response:
    """Who is watched, whoever needs something first."""
    scope = actor.scope(Permission.MONITORING_RECORD_READ)
    takes_part = actor.practitioner_id is not None
    mine = takes_part and request.query_params.get("whose") != "all"
    statement = queries.enrolments(scope, actor.practitioner_id if mine else None)
    found = fetch_page(db, statement, paging, sortable={}, default=[])
    ids = [row.Enrolment.id for row in found.items]
    audit.read_many(db, actor, sorted({row.Patient.id for row in found.items}), rule=RULE)
    return page(
        request,
        "monitoring/list.html",
        found=found,
        mine=mine,
        takes_part=takes_part,
        newest=queries.newest(db, ids),
        alerts=queries.open_alerts(db, ids),
        silent={row.Enrolment.id for row in found.items if is_silent(row.Enrolment, row.last_at)},
        indicators=indicators(),
        texts=texts,
        now=clock.now(),
    )


def is_silent(enrolment: Enrolment, last_at: dt.datetime | None) -> bool:
    """Whether no value came for longer than agreed."""
    return clock.now() - (last_at or enrolment.started_at) > dt.timedelta(hours=enrolment.every_hours)


@router.get("/monitoring/alerts/{alert_id}", name="monitoring:alert")
def alert(request: Request, actor: Watcher, db: Db, alert_id: int) -> Response:
    now = clock.now()
    known = {"date": show_date(clock.today()), "time": show_time(now)}
    return _alert_page(request, actor, db, alert_id, blank(known))


@router.post("/monitoring/alerts/{alert_id}", name="monitoring:record_measure")
def record_measure(request: Request, actor: Responder, db: Db, alert_id: int, posted: PostedForm) -> Response:
    found = queries.alert_or_404(db, actor.scope(Permission.MONITORING_VALUE_WRITE), alert_id)
    form = posted.check(MeasureForm)
    if form.value is not None:
        try:
            response.record_measure(db, actor, found.id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            address = request.app.url_path_for("monitoring:alert", alert_id=alert_id)
            return redirect(request, address, _("What was done is recorded; the alert is closed"))
    return _alert_page(request, actor, db, alert_id, form)


def _alert_page(request: Request, actor: Actor, db: Session, alert_id: int, form: Form[MeasureForm]) -> Response:
    found = queries.alert_or_404(db, actor.scope(Permission.MONITORING_RECORD_READ), alert_id)
    open_patient(db, actor, found.patient_id, Permission.MONITORING_RECORD_READ, rule=RULE)
    tasks = db.scalars(
        select(Task)
        .where(Task.kind.in_([CRITICAL.name, OUT_OF_LIMITS.name]), Task.subject == subject_of(found))
        .order_by(Task.id)
    ).all()
    events = db.scalars(
        select(TaskEvent).where(TaskEvent.task_id.in_([each.id for each in tasks])).order_by(TaskEvent.id)
    ).all()
    parts = queries.participants(db, found.enrolment_id)
    who = db.get_one(Patient, found.patient_id)
    return page(
        request,
        "monitoring/alert.html",
        alert=found,
        person=who,
        name=full_name(who),
        values=queries.values_of_alert(db, found.id),
        participants=parts,
        names=practitioner_names(db, [row.practitioner_id for row in parts]),
        tasks=tasks,
        events=events,
        actions=ACTIONS,
        may_respond=actor.may(Permission.MONITORING_VALUE_WRITE) and found.closed_at is None,
        may_record=actor.may(Permission.VISITS_VITALS_WRITE),
        texts=texts,
        now=clock.now(),
        form=form,
        status_code=422 if form.errors else 200,
    )


def waiting(session: Session, actor: Actor) -> int:
    """What the navigation shows beside the list."""
    return queries.count_alerts(session, actor.scope(Permission.MONITORING_RECORD_READ))
