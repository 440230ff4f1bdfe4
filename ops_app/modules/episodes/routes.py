"""Register cards of a person: pregnancy, dispensary observation."""

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
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.episodes import queries, service
from ops_app.modules.episodes.forms import (
    CARE_LEVELS,
    CLOSE_REASONS,
    OUTCOMES,
    RISK_LEVELS,
    CloseForm,
    DispensaryForm,
    OutcomeForm,
    PregnancyForm,
)
from ops_app.modules.episodes.models import EpisodeOfCare
from ops_app.modules.episodes.permissions import CardReader, CardWriter, EpisodeWriter
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients import fact_text
from ops_app.modules.patients.card import card_page, person
from ops_app.modules.patients.fact_text import Wording
from ops_app.modules.patients.programmes import step_title
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter()


@router.get("/patients/{patient_id}/registers", name="episodes:of_patient")
def of_patient(request: Request, access: CardReader, db: Db) -> Response:
    """All register cards with their planned steps."""
    who = person(db, access)
    cards = queries.cards_of(db, who.records)
    steps = {card.id: queries.steps_of(db, card.id) for card in cards}
    return card_page(
        request,
        db,
        access,
        "episodes/cards.html",
        "registers",
        who=who,
        cards=cards,
        steps=steps,
        step_title=step_title,
        words=Wording.of(db, [("episode_of_care", card) for card in cards]),
        texts=fact_text,
        on=clock.today(),
    )


@router.get("/patients/{patient_id}/pregnancy", name="episodes:pregnancy")
def pregnancy(request: Request, access: CardWriter, db: Db) -> Response:
    """A form that puts a pregnancy on the register."""
    return _pregnancy_page(request, db, access, blank({"registered_date": clock.today(), "required_care_level": "1"}))


def _pregnancy_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200
) -> Response:
    return card_page(
        request,
        db,
        access,
        "episodes/pregnancy.html",
        "registers",
        status_code=status_code,
        form=form,
        risk_levels=RISK_LEVELS,
        care_levels=CARE_LEVELS,
    )


@router.post("/patients/{patient_id}/pregnancy", name="episodes:register_pregnancy")
def register_pregnancy(request: Request, access: CardWriter, db: Db, posted: PostedForm) -> Response:
    """Open the pregnancy card and plan its visits."""
    form = posted.check(PregnancyForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                place = place_of(db, access.actor)
                service.register_pregnancy(db, access.actor, access.patient_id, form.value, place)
        except OpsError as refused:
            form.refuse(refused)
        else:
            # The first package is recorded at once: the visit form opens with it filled in.
            url = request.app.url_path_for("visits:new", patient_id=access.patient_id)
            return redirect(request, f"{url}?purpose=pregnancy", _("The card is open and the visits are planned"))
    return _pregnancy_page(request, db, access, form, 422)


@router.get("/patients/{patient_id}/dispensary", name="episodes:dispensary")
def dispensary(request: Request, access: CardWriter, db: Db) -> Response:
    """A form that opens a dispensary card."""
    asked = request.query_params.get("icd10", "")
    return _dispensary_page(request, db, access, blank({"registered_date": clock.today(), "icd10": asked}))


def _dispensary_page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], status_code: int = 200
) -> Response:
    code = form.text("icd10")
    title = titles(db, [("icd10", code)]).get(("icd10", code), "")
    return card_page(
        request,
        db,
        access,
        "episodes/dispensary.html",
        "registers",
        status_code=status_code,
        form=form,
        code_title=f"{code} {title}".strip(),
    )


@router.post("/patients/{patient_id}/dispensary", name="episodes:open_dispensary")
def open_dispensary(request: Request, access: CardWriter, db: Db, posted: PostedForm) -> Response:
    """Open the dispensary card."""
    form = posted.check(DispensaryForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                place = place_of(db, access.actor)
                service.open_dispensary_card(db, access.actor, access.patient_id, form.value, place)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("episodes:of_patient", patient_id=access.patient_id)
            return redirect(request, url, _("The card is open"))
    return _dispensary_page(request, db, access, form, 422)


@router.get("/registers/{episode_id}/close", name="episodes:close")
def close(request: Request, actor: EpisodeWriter, db: Db, episode_id: int) -> Response:
    """A form that ends a card."""
    episode = queries.episode_or_404(db, episode_id)
    access = open_patient(db, actor, episode.patient_id, Permission.EPISODES_RECORD_WRITE)
    return _close_page(request, db, access, episode, _close_form(episode), _close_form(episode))


def _close_form(episode: EpisodeOfCare) -> Form[Any]:
    today = clock.today()
    return blank({"version": episode.row_xid, "outcome_date": today, "end_date": today})


def _close_page(
    request: Request,
    db: Session,
    access: PatientAccess,
    episode: EpisodeOfCare,
    outcome_form: Form[Any],
    close_form: Form[Any],
    status_code: int = 200,
) -> Response:
    reasons = CLOSE_REASONS[1:] if episode.kind == "pregnancy" else CLOSE_REASONS
    return card_page(
        request,
        db,
        access,
        "episodes/close.html",
        "registers",
        status_code=status_code,
        episode=episode,
        words=Wording.of(db, [("episode_of_care", episode)]),
        texts=fact_text,
        outcome_form=outcome_form,
        close_form=close_form,
        outcomes=OUTCOMES,
        close_reasons=reasons,
    )


@router.post("/registers/{episode_id}/outcome", name="episodes:enter_outcome")
def enter_outcome(request: Request, actor: EpisodeWriter, db: Db, episode_id: int, posted: PostedForm) -> Response:
    """End a pregnancy with its outcome."""
    episode = queries.episode_or_404(db, episode_id)
    access = open_patient(db, actor, episode.patient_id, Permission.EPISODES_RECORD_WRITE)
    form = posted.check(OutcomeForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                service.close_pregnancy(db, actor, episode_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("episodes:of_patient", patient_id=access.patient_id)
            return redirect(request, url, _("The outcome is recorded"))
    return _close_page(request, db, access, episode, form, _close_form(episode), 422)


@router.post("/registers/{episode_id}/close", name="episodes:close_card")
def close_card(request: Request, actor: EpisodeWriter, db: Db, episode_id: int, posted: PostedForm) -> Response:
    """End a card without an outcome."""
    episode = queries.episode_or_404(db, episode_id)
    access = open_patient(db, actor, episode.patient_id, Permission.EPISODES_RECORD_WRITE)
    form = posted.check(CloseForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                service.close_card(db, actor, episode_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = request.app.url_path_for("episodes:of_patient", patient_id=access.patient_id)
            return redirect(request, url, _("The card is closed"))
    return _close_page(request, db, access, episode, _close_form(episode), form, 422)
