"""Registering deaths, the list of them, and their review."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _, ngettext
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.closed_topics.veil import is_masked
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.deaths import queries, service
from ops_app.modules.deaths.forms import PLACE_TITLES, PLACES, DeathErrorForm, DeathForm, ReviewForm
from ops_app.modules.deaths.permissions import DeathReader, DeathWriter, PatientDeathWriter
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.fact_text import KIND_TITLES
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter()


@router.get("/patients/{patient_id}/death", name="deaths:form")
def form_page(request: Request, access: PatientDeathWriter, db: Db) -> Response:
    """A form for a death."""
    known = {"known_date": show_date(clock.now()), "known_time": show_time(clock.now())}
    return _form(request, db, access, blank(known))


def _form(
    request: Request,
    db: Session,
    access: PatientAccess,
    form: Form[Any],
    status_code: int = 200,
    later: list[queries.LaterFacts] | None = None,
) -> Response:
    code = form.text("cause_icd10")
    title = titles(db, [("icd10", code)]).get(("icd10", code), "")
    return card_page(
        request,
        db,
        access,
        "deaths/form.html",
        "person",
        status_code=status_code,
        form=form,
        places=PLACES,
        code_title=f"{code} {title}".strip(),
        later=later or [],
        kind_titles=KIND_TITLES,
    )


@router.post("/patients/{patient_id}/death", name="deaths:register")
def register(request: Request, access: PatientDeathWriter, db: Db, posted: PostedForm) -> Response:
    """Register a death."""
    form = posted.check(DeathForm)
    later: list[queries.LaterFacts] | None = None
    if form.value is not None:
        try:
            with db.begin_nested():
                place = place_of(db, access.actor)
                done = service.register_death(db, access.actor, access.patient_id, form.value, place)
        except service.LaterFactsFound as refused:
            form.refuse(refused)
            later = refused.facts
        except OpsError as refused:
            form.refuse(refused)
        else:
            told = _("The death is registered.")
            if done.cancelled:
                number = len(done.cancelled)
                told += " " + ngettext("%(num)d booking is cancelled.", "%(num)d bookings are cancelled.", number)
            url = request.app.url_path_for("deaths:death", death_id=done.death.id)
            return redirect(request, url, told)
    return _form(request, db, access, form, 422, later)


@router.get("/deaths/{death_id}", name="deaths:death")
def death(request: Request, actor: DeathReader, db: Db, death_id: int) -> Response:
    """A registered death: later facts, its review, marking it as an error."""
    return _death_page(request, db, actor, death_id, blank({"date": clock.today()}), blank())


def _death_page(
    request: Request,
    db: Session,
    actor: Actor,
    death_id: int,
    review_form: Form[Any],
    error_form: Form[Any],
    status_code: int = 200,
) -> Response:
    row = queries.death_or_404(db, death_id)
    access = open_patient(db, actor, row.patient_id, Permission.DEATHS_RECORD_READ)
    who = person(db, access)
    answers = actor.scope(Permission.WORKLIST_TASK_ANSWER)
    reviews = queries.reviews_of(db, who.records)
    return card_page(
        request,
        db,
        access,
        "deaths/death.html",
        "person",
        who=who,
        status_code=status_code,
        death=row,
        places=PLACE_TITLES,
        code_titles=titles(db, [("icd10", row.cause_icd10)]),
        is_masked=is_masked(db, row.cause_icd10),
        later=queries.later_facts(db, who.records, row.event_at) if row.entered_in_error_at is None else [],
        reviews=reviews,
        kind_titles=KIND_TITLES,
        review_form=review_form,
        error_form=error_form,
        may_review=bool(answers) and row.entered_in_error_at is None,
        may_mark=actor.scope(Permission.DEATHS_RECORD_WRITE).allows(row.organization_id),
    )


@router.post("/deaths/{death_id}/error", name="deaths:mark_in_error")
def mark_in_error(request: Request, actor: DeathWriter, db: Db, death_id: int, posted: PostedForm) -> Response:
    """The person lives."""
    row = queries.death_or_404(db, death_id)
    open_patient(db, actor, row.patient_id, Permission.DEATHS_RECORD_WRITE)
    form = posted.check(DeathErrorForm)
    if form.value is None:
        return _death_page(request, db, actor, death_id, blank({"date": clock.today()}), form, 422)
    service.mark_death_in_error(db, actor, death_id, form.value.reason)
    url = request.app.url_path_for("patients:identity", patient_id=row.patient_id)
    return redirect(request, url, _("The death record is marked as an error; cancelled bookings are not restored"))


@router.post("/deaths/{death_id}/review", name="deaths:review")
def review(request: Request, actor: DeathReader, db: Db, death_id: int, posted: PostedForm) -> Response:
    """Record the review of a death."""
    form = posted.check(ReviewForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                service.record_review(db, actor, death_id, form.value, place_of(db, actor))
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, request.app.url_path_for("deaths:death", death_id=death_id), _("Saved"))
    return _death_page(request, db, actor, death_id, form, blank(), 422)
