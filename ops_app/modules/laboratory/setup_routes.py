"""The catalogue of the laboratory: parameters with their ranges, workplaces, numbering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.kit.dates import show_date
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.laboratory import queries, setup
from ops_app.modules.laboratory.forms import RangeForm, SchemeForm, WorkplaceForm
from ops_app.modules.laboratory.models import WorkplaceService
from ops_app.modules.laboratory.permissions import CatalogueKeeper
from ops_app.modules.laboratory.values import title_of
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.visits.vitals import show_unit
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)

RESETS = (
    ("never", N_("never")),
    ("year", N_("every year")),
    ("month", N_("every month")),
    ("day", N_("every day")),
)
SEXES = (("female", N_("women")), ("male", N_("men")))
TRIMESTERS = (("0", N_("any")), ("1", "1"), ("2", "2"), ("3", "3"))


@router.get("/laboratory/catalogue", name="laboratory:catalogue")
def catalogue(request: Request, actor: CatalogueKeeper, db: Db) -> Response:
    """Parameters, workplaces, numbering."""
    return _catalogue_page(request, db, actor, blank(), "")


def _catalogue_page(
    request: Request, db: Session, actor: Actor, form: Form[Any], about: str, status_code: int = 200
) -> Response:
    own = place_of(db, actor).organization.id
    places = [
        place
        for place in queries.workplaces(db, actor.scope(Permission.LABORATORY_CATALOGUE_MANAGE))
        if place.organization_id == own
    ]
    done: dict[int, int] = {}
    for row in db.scalars(
        select(WorkplaceService).where(WorkplaceService.workplace_id.in_([place.id for place in places]))
    ):
        done[row.workplace_id] = done.get(row.workplace_id, 0) + 1
    scheme = setup.scheme_of(db, own)
    known = {"prefix": scheme.prefix, "width": scheme.width, "reset": scheme.reset} if scheme else {"width": 6}
    return page(
        request,
        "laboratory/catalogue.html",
        parameters=queries.parameters(db),
        unconfirmed=setup.unconfirmed(db, own),
        services=queries.catalogue(db),
        workplaces=places,
        done=done,
        form=form,
        about=about,
        scheme=blank(known),
        blank=blank(),
        resets=RESETS,
        show_unit=show_unit,
        title_of=title_of,
        status_code=status_code,
    )


def _attempt(
    request: Request, db: Session, form: Form[Any], act: Callable[[Any], object], url: str, told: str
) -> Response | None:
    if form.value is not None:
        try:
            with db.begin_nested():
                act(form.value)
        except OpsError as refused:
            if refused.field is None:
                raise
            form.refuse(refused)
        else:
            return redirect(request, url, told)
    return None


@router.post("/laboratory/catalogue/workplaces", name="laboratory:add_workplace")
def add_workplace(request: Request, actor: CatalogueKeeper, db: Db, posted: PostedForm) -> Response:
    """Set up a workplace."""
    own = place_of(db, actor).organization.id
    form = posted.check(WorkplaceForm)
    url = str(request.app.url_path_for("laboratory:catalogue"))
    told = _("The workplace is set up")
    done = _attempt(request, db, form, lambda data: setup.add_workplace(db, actor, data, own), url, told)
    return done or _catalogue_page(request, db, actor, form, "workplace", 422)


@router.post("/laboratory/catalogue/numbers", name="laboratory:set_scheme")
def set_scheme(request: Request, actor: CatalogueKeeper, db: Db, posted: PostedForm) -> Response:
    """Set the numbering."""
    own = place_of(db, actor).organization.id
    form = posted.check(SchemeForm)
    url = str(request.app.url_path_for("laboratory:catalogue"))
    told = _("The numbering is set")
    done = _attempt(request, db, form, lambda data: setup.set_scheme(db, actor, data, own), url, told)
    return done or _catalogue_page(request, db, actor, form, "scheme", 422)


@router.get("/laboratory/catalogue/parameters/{parameter_id}", name="laboratory:parameter")
def parameter(request: Request, actor: CatalogueKeeper, db: Db, parameter_id: int) -> Response:
    """The ranges of a parameter."""
    return _parameter_page(request, db, actor, parameter_id, blank({"valid_from": show_date(clock.now())}))


def _parameter_page(
    request: Request, db: Session, actor: Actor, parameter_id: int, form: Form[Any], status_code: int = 200
) -> Response:
    found = queries.parameter_or_404(db, parameter_id)
    own = place_of(db, actor).organization.id
    rows = [row for row in queries.ranges_of(db, [parameter_id])[parameter_id] if row.organization_id in (None, own)]
    rows.sort(key=lambda row: (row.is_shipped, row.age_from_days, row.sex or "", row.trimester or -1, row.id))
    return page(
        request,
        "laboratory/parameter.html",
        parameter=found,
        title=title_of(found),
        rows=rows,
        approval=setup.approvals(db, own).get(parameter_id),
        may_judge=setup.may_judge(actor, own),
        is_unconfirmed=parameter_id in setup.unconfirmed(db, own),
        form=form,
        sexes=SEXES,
        trimesters=TRIMESTERS,
        age_text=setup.age_text,
        show_unit=show_unit,
        status_code=status_code,
    )


@router.post("/laboratory/catalogue/parameters/{parameter_id}", name="laboratory:add_range")
def add_range(request: Request, actor: CatalogueKeeper, db: Db, parameter_id: int, posted: PostedForm) -> Response:
    """Set a range of the own laboratory."""
    own = place_of(db, actor).organization.id
    form = posted.check(RangeForm)
    url = str(request.app.url_path_for("laboratory:parameter", parameter_id=parameter_id))
    told = _("The range is set")
    done = _attempt(request, db, form, lambda data: setup.add_range(db, actor, parameter_id, data, own), url, told)
    return done or _parameter_page(request, db, actor, parameter_id, form, 422)


@router.post("/laboratory/catalogue/parameters/{parameter_id}/confirm", name="laboratory:approve_ranges")
def approve_ranges(request: Request, actor: CatalogueKeeper, db: Db, parameter_id: int) -> Response:
    """Confirm the shipped ranges of a parameter for the own laboratory."""
    setup.approve_ranges(db, actor, parameter_id, place_of(db, actor).organization.id)
    url = str(request.app.url_path_for("laboratory:parameter", parameter_id=parameter_id))
    return redirect(request, url, _("The ranges are confirmed for this laboratory"))
