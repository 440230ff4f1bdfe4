"""One referral: what it asks, what happened to it, what may be done now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.closed_topics.veil import is_masked
from ops_app.mechanisms.service_request.transitions import is_step_back, moves
from ops_app.mechanisms.undo import Undo, change_of
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.patients import fact_text
from ops_app.modules.patients.card import card_page
from ops_app.modules.patients.fact_text import Wording
from ops_app.modules.visits import forms, referrals, taking_back
from ops_app.modules.visits.forms import ReferralMove
from ops_app.modules.visits.models import ServiceRequest
from ops_app.modules.visits.permissions import VisitReader
from ops_app.patient_access import PatientAccess, open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import redirect
from ops_app.ui.undo import state_of

router = APIRouter()

RULE = "referral"
"""The rule that lets an organisation see whom a referral to it names."""


def _open(db: Session, actor: Actor, request: ServiceRequest) -> PatientAccess:
    addressed = actor.scope(Permission.REFERRALS_REQUEST_PERFORM).allows(referrals.performer_id(request))
    rule = RULE if addressed and request.entered_in_error_at is None else None
    return open_patient(db, actor, request.patient_id, Permission.VISITS_RECORD_READ, rule=rule)


@router.get("/referrals/{request_id}", name="visits:referral")
def referral(request: Request, actor: VisitReader, db: Db, request_id: int) -> Response:
    """A referral with its history."""
    found = referrals.referral_or_404(db, request_id)
    return _page(request, db, _open(db, actor, found), found, blank())


@router.post("/referrals/{request_id}", name="visits:move_referral")
def move(request: Request, actor: VisitReader, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Schedule, begin, complete or cancel a referral."""
    found = referrals.referral_or_404(db, request_id)
    access = _open(db, actor, found)
    form = posted.check(ReferralMove)
    before = audit.snapshot(found)
    if form.value is not None:
        try:
            with db.begin_nested():
                moved = referrals.move(db, actor, request_id, form.value)
        except OpsError as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            state = change_of(moved, before)
            for side, row in (("before", before), ("after", audit.snapshot(moved))):
                # another time of the same day changes nothing of the referral itself
                state[side]["status"] = row["status"]
            step = {"step": referrals.history(db, request_id)[-1].id}
            undo = Undo("visits:take_back_referral", {"request_id": request_id}, step, state)
            return redirect(request, _url(request, request_id), _("The referral is moved on"), undo=undo)
    return _page(request, db, access, found, form, 422)


@router.post("/referrals/{request_id}/take-back", name="visits:take_back_referral")
def take_back(request: Request, actor: VisitReader, db: Db, request_id: int, posted: PostedForm) -> Response:
    """Take back the step that was just made."""
    found = referrals.referral_or_404(db, request_id)
    _open(db, actor, found)
    taking_back.take_back(db, actor, request_id, posted.get("step") or "", state_of(request, posted))
    return redirect(request, _url(request, request_id), _("The referral is as it was"))


def _url(request: Request, request_id: int) -> str:
    return str(request.app.url_path_for("visits:referral", request_id=request_id))


def _page(
    request: Request, db: Session, access: PatientAccess, found: ServiceRequest, form: Form[Any], status_code: int = 200
) -> Response:
    events = referrals.history(db, found.id)
    words = Wording.of(db, [("service_request", found)])
    performer = db.get(Organization, referrals.performer_id(found))
    allowed = () if found.entered_in_error_at else moves(found.status, referrals.sides(access.actor, found))
    return card_page(
        request,
        db,
        access,
        "visits/referral.html",
        "timeline",
        status_code=status_code,
        referral=found,
        is_masked=is_masked(db, found.reason_icd10),
        events=events,
        is_step_back=is_step_back,
        names=practitioner_names(db, [event.practitioner_id for event in events]),
        words=words,
        texts=fact_text,
        performer=performer,
        forms_of=forms,
        payers=dict(forms.PAYERS),
        moves=allowed,
        form=form,
        blank=blank(),
    )
