"""Screens of an administrator: who opens whose card, who treats which closed topic; and opening closed topics."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import N_, _
from ops_app.kit.dates import show_date
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.closed_topics.declaration import declaration, topics
from ops_app.mechanisms.closed_topics.veil import veil_of
from ops_app.modules.access import queries, service
from ops_app.modules.access.forms import CardRuleForm, OpenForm, TopicCircleForm
from ops_app.modules.access.permission_map import permission_map
from ops_app.modules.access.permissions import CardReader, MapKeeper
from ops_app.modules.accounts.models import StoredRole
from ops_app.modules.accounts.queries import organization_choices
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.modules.patients.access import MAPPED
from ops_app.modules.patients.card import card_page
from ops_app.modules.patients.service import STATED_REASON_HOURS, state_reason
from ops_app.patient_access import PatientAccess
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter()

RULE_TITLES = {
    "attached": N_("Attached to the place"),
    "served": N_("Served by the site"),
    "treated": N_("Treated within a year"),
    "referral": N_("Referred here"),
    "stated_reason": N_("Stated reason"),
}
OPENING = {Permission.PATIENTS_IDENTITY_READ, Permission.PATIENTS_CARD_READ}


@router.get("/permission-map", name="access:map")
def permission_map_screen(request: Request, actor: MapKeeper, db: Db, place: str = "") -> Response:
    """Roles by rules at one place."""
    return _map_page(request, actor, db, place, blank())


@router.post("/permission-map", name="access:set_card_rule")
def set_card_rule(request: Request, actor: MapKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(CardRuleForm)
    if form.value is not None:
        try:
            service.set_card_rule(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, f"{_url(request, 'access:map')}?place={form.value.organization_id}", _("Saved"))
    return _map_page(request, actor, db, form.text("organization_id"), form)


@router.get("/closed-topics", name="access:topics")
def topics_screen(request: Request, actor: MapKeeper, db: Db, place: str = "") -> Response:
    """Closed topics with their codes and who treats them at one place."""
    return _topics_page(request, actor, db, place, blank())


@router.post("/closed-topics", name="access:set_topic_circle")
def set_topic_circle(request: Request, actor: MapKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(TopicCircleForm)
    if form.value is not None:
        try:
            service.set_topic_circle(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, f"{_url(request, 'access:topics')}?place={form.value.organization_id}", _("Saved"))
    return _topics_page(request, actor, db, form.text("organization_id"), form)


@router.get("/patients/{patient_id}/closed-topics", name="access:closed")
def closed(request: Request, access: CardReader, db: Db) -> Response:
    """Ask why records of closed topics must be seen; whether there are any is not said."""
    return _closed_page(request, db, access, blank())


@router.post("/patients/{patient_id}/closed-topics", name="access:open_closed")
def open_closed(request: Request, access: CardReader, db: Db, posted: PostedForm) -> Response:
    form = posted.check(OpenForm)
    if form.value is None:
        return _closed_page(request, db, access, form)
    state_reason(db, access.actor, access.patient_id, form.value.reason, opens_closed=True)
    card = str(request.app.url_path_for("patients:card", patient_id=access.patient_id))
    return redirect(request, card, _("Opened. The opening will be reviewed."), "warning")


def _closed_page(request: Request, db: Session, access: PatientAccess, form: Form[Any]) -> Response:
    veil = veil_of(db)
    return card_page(
        request,
        db,
        access,
        "access/closed.html",
        "timeline",
        form=form,
        topics=[str(topic.title) for code, topic in topics().items() if veil and code in veil.topics],
        hours=STATED_REASON_HOURS,
        status_code=422 if form.errors else 200,
    )


def _url(request: Request, name: str) -> str:
    return str(request.app.url_path_for(name))


def _places(db: Session, actor: Actor, asked: str) -> tuple[Organization | None, list[tuple[int, str]]]:
    """The node that is shown, and those that may be chosen."""
    choices = organization_choices(db, actor.scope(Permission.ACCESS_MAP_MANAGE))
    shown = next((node for node, _depth in choices if str(node.id) == asked), None)
    if shown is None:
        shown = next((node for node, _depth in choices if node.kind == "organization"), None)
    if shown is None and choices:
        shown = choices[0][0]
    return shown, [(node.id, "\N{EM DASH} " * depth + local_name(node)) for node, depth in choices]


def _map_page(request: Request, actor: Actor, db: Session, place: str, form: Form[Any]) -> Response:
    shown, places = _places(db, actor, place)
    roles = [
        role for role in db.scalars(select(StoredRole).order_by(StoredRole.code)) if OPENING & set(role.permissions)
    ]
    return page(
        request,
        "access/map.html",
        form=form,
        shown=shown,
        places=places,
        rules=[(rule, _(RULE_TITLES[rule])) for rule in MAPPED],
        roles=roles,
        cells=queries.map_at(db, shown.id, [role.code for role in roles]) if shown else {},
        version=show_date(dt.date.fromisoformat(permission_map().version)),
        status_code=422 if form.errors else 200,
    )


def _topics_page(request: Request, actor: Actor, db: Session, place: str, form: Form[Any]) -> Response:
    shown, places = _places(db, actor, place)
    circles = queries.circles_at(db, shown.id) if shown else {}
    return page(
        request,
        "access/topics.html",
        form=form,
        shown=shown,
        places=places,
        topics=[(topic, str(topic.title), circles.get(code, [])) for code, topic in topics().items()],
        positions={code: _(title) for code, title in POSITIONS.items()},
        version=show_date(dt.date.fromisoformat(declaration().version)),
        status_code=422 if form.errors else 200,
    )
