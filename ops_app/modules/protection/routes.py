"""The page of protection: checks, threats, where data lie, who aggregates."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor, Scope
from ops_app.db import Db
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organizations
from ops_app.modules.protection import queries, service, standing
from ops_app.modules.protection.declarations import checks, threats
from ops_app.modules.protection.forms import AggregatorForm, PlaceForm, StatementForm
from ops_app.modules.protection.permissions import ProtectionReader, ProtectionStater
from ops_app.modules.protection.titles import BASES, STORES
from ops_app.modules.signatures.acts import demand
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter()


@router.get("/protection", name="protection:checks")
def all_checks(request: Request, actor: ProtectionReader, db: Db) -> Response:
    """Every check as it stands now."""
    return _checks(request, db, actor, blank({"is_met": "yes", "stated_on": clock.today()}))


@router.post("/protection/statements", name="protection:state")
def state(request: Request, actor: ProtectionStater, db: Db, posted: PostedForm) -> Response:
    """Confirm a check, or say that it does not hold."""
    form = posted.check(StatementForm)
    if form.value is not None:
        try:
            service.state(db, actor, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            return _done(request, "protection:checks")
    return _checks(request, db, actor, form, 422)


@router.get("/protection/places", name="protection:places")
def places(request: Request, actor: ProtectionReader, db: Db) -> Response:
    """Where data lie and where they go."""
    return _places(request, db, actor, blank({"country": "KZ"}))


@router.post("/protection/places", name="protection:place")
def place(request: Request, actor: ProtectionStater, db: Db, posted: PostedForm) -> Response:
    """Say where a store or a system stands."""
    form = posted.check(PlaceForm)
    if form.value is not None:
        try:
            service.place(db, actor, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            return _done(request, "protection:places")
    return _places(request, db, actor, form, 422)


@router.get("/protection/aggregator", name="protection:aggregator")
def aggregator(request: Request, actor: ProtectionReader, db: Db) -> Response:
    """Who aggregates personal medical data."""
    return _aggregator(request, db, actor, blank({"begins_on": clock.today()}))


@router.post("/protection/aggregator", name="protection:designate")
def designate(request: Request, actor: ProtectionStater, db: Db, posted: PostedForm) -> Response:
    """Name the aggregator."""
    form = posted.check(AggregatorForm)
    organization = db.get(Organization, form.value.organization_id) if form.value else None
    if form.value is not None:
        try:
            if organization is not None:
                about = _("Aggregator: %(name)s", name=local_name(organization))
                signing = demand(request, db, actor, posted, "action:aggregator", organization.id, about)
                if signing is not None:
                    return signing
            service.designate(db, actor, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            return _done(request, "protection:aggregator")
    return _aggregator(request, db, actor, form, 422)


def _checks(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    found = standing.results(db)
    groups = [
        (_("Measured by the program"), "measured"),
        (_("Demanded by the Law on personal data"), "confirmed"),
        ("ST RK ISO/IEC 27002-2015", "controls"),
    ]
    return page(
        request,
        "protection/checks.html",
        status_code=status_code,
        groups=[(title, [each for each in found.values() if each.check.kind == kind]) for title, kind in groups],
        threats=[
            (str(each.title), [found[code] for code in each.checks], all(found[code].is_met for code in each.checks))
            for each in threats().values()
        ],
        lacking=[each for each in found.values() if each.check.required and not each.is_met],
        is_enforced=standing.is_enforced(),
        choices=[(code, str(each.title)) for code, each in checks().items() if each.kind != "measured"],
        form=form,
        may_state=_may_state(actor),
    )


def _places(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    names = {name: _(title) for name, title in STORES.items()}
    names |= {f"system:{name}": str(system.title) for name, system in systems().items()}
    return page(
        request,
        "protection/places.html",
        status_code=status_code,
        names=names,
        places=queries.places(db),
        bases={code: _(title) for code, title in BASES.items()},
        form=form,
        may_state=_may_state(actor),
    )


def _aggregator(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    return page(
        request,
        "protection/aggregator.html",
        status_code=status_code,
        now=queries.aggregator(db),
        listed=queries.aggregators(db),
        places=[(row.id, local_name(row)) for row in organizations(db, Scope(everywhere=True))],
        form=form,
        may_state=_may_state(actor),
    )


def _may_state(actor: Actor) -> bool:
    return actor.scope(Permission.PROTECTION_STATEMENT_WRITE).everywhere


def _done(request: Request, route: str) -> Response:
    return redirect(request, str(request.app.url_path_for(route)), _("Saved"))
