"""Blood group, transfusions and reactions of a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.laboratory import blood, haemovigilance
from ops_app.modules.laboratory.blood_titles import (
    COMPONENTS,
    CROSSMATCHES,
    IMPUTABILITIES,
    REACTIONS,
    RHESUS,
    SEVERITIES,
)
from ops_app.modules.laboratory.permissions import BloodReader, GroupDeterminer, Transfuser
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.patients.card import card_page, person
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)


@router.get("/patients/{patient_id}/laboratory/blood", name="laboratory:blood")
def blood_page(request: Request, access: BloodReader, db: Db) -> Response:
    """The page."""
    return _page(request, db, access, blank(), "")


def _page(
    request: Request, db: Session, access: PatientAccess, form: Form[Any], about: str, status_code: int = 200
) -> Response:
    who = person(db, access)
    given = blood.transfusions_of(db, who.records)
    reactions = haemovigilance.reactions_of(db, [row.id for row in given])
    found = blood.determinations(db, who.records, also_wrong=True)
    group = blood.established(db, who.records)
    now = clock.now()
    return card_page(
        request,
        db,
        access,
        "laboratory/blood.html",
        "laboratory",
        who=who,
        status_code=status_code,
        found=found,
        group=blood.group_text(group.abo, group.rhesus) if group is not None else None,
        contradicts=blood.contradicts(db, who.records),
        given=given,
        reactions=reactions,
        may_determine=access.actor.may(Permission.LABORATORY_BLOOD_DETERMINE),
        may_withdraw=access.actor.scope(Permission.LABORATORY_BLOOD_DETERMINE),
        may_conclude=access.actor.may(Permission.LABORATORY_REACTION_CONCLUDE),
        may_transfuse=access.actor.may(Permission.LABORATORY_TRANSFUSION_WRITE),
        form=form,
        about=about,
        blank=blank(),
        moment=blank({"date": show_date(now), "time": show_time(now)}),
        group_text=blood.group_text,
        components=COMPONENTS,
        crossmatches=CROSSMATCHES,
        kinds=REACTIONS,
        severities=SEVERITIES,
        imputabilities=IMPUTABILITIES,
        rhesus=RHESUS,
    )


def _attempt(
    request: Request,
    db: Session,
    access: PatientAccess,
    form: Form[Any],
    act: Callable[[Any], object],
    told: str,
    about: str,
) -> Response:
    if form.value is not None:
        try:
            with db.begin_nested():
                act(form.value)
        except OpsError as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("laboratory:blood", patient_id=access.patient_id))
            return redirect(request, url, told)
    return _page(request, db, access, form, about, 422)


@router.post("/patients/{patient_id}/laboratory/blood", name="laboratory:determine")
def determine(request: Request, access: GroupDeterminer, db: Db, posted: PostedForm) -> Response:
    """Enter a determination."""
    own = place_of(db, access.actor).organization.id
    return _attempt(
        request,
        db,
        access,
        posted.check(blood.GroupForm),
        lambda data: blood.determine(db, access.actor, access.patient_id, data, own),
        _("The determination is entered"),
        "group",
    )


@router.post("/patients/{patient_id}/laboratory/blood/groups/{group_id}/wrong", name="laboratory:group_wrong")
def mark_wrong(request: Request, access: GroupDeterminer, db: Db, group_id: int, posted: PostedForm) -> Response:
    """Take a determination out of force."""
    records = person(db, access).records
    return _attempt(
        request,
        db,
        access,
        posted.check(blood.WrongForm),
        lambda data: blood.mark_wrong(db, access.actor, records, group_id, data.reason),
        _("The determination is withdrawn"),
        f"group-{group_id}",
    )


@router.post("/patients/{patient_id}/laboratory/transfusions", name="laboratory:transfuse")
def transfuse(request: Request, access: Transfuser, db: Db, posted: PostedForm) -> Response:
    """Record a transfusion."""
    own = place_of(db, access.actor).organization.id
    return _attempt(
        request,
        db,
        access,
        posted.check(blood.TransfusionForm),
        lambda data: blood.transfuse(db, access.actor, access.patient_id, data, own),
        _("The transfusion is recorded"),
        "transfusion",
    )


@router.post("/patients/{patient_id}/laboratory/transfusions/{transfusion_id}/reactions", name="laboratory:reaction")
def reaction(request: Request, access: Transfuser, db: Db, transfusion_id: int, posted: PostedForm) -> Response:
    """Report a reaction."""
    if blood.transfusion_or_404(db, transfusion_id).patient_id not in person(db, access).records:
        raise NotFound(_("There is no such transfusion"))
    return _attempt(
        request,
        db,
        access,
        posted.check(haemovigilance.ReactionForm),
        lambda data: haemovigilance.report_reaction(db, access.actor, transfusion_id, data),
        _("The reaction is reported"),
        f"reaction-{transfusion_id}",
    )
