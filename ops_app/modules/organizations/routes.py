"""Facilities and their structure: departments, sites, rooms."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.organizations import queries, service, structure_queries
from ops_app.modules.organizations.care_profiles import care_profiles
from ops_app.modules.organizations.forms import LocationForm, NewNodeForm, NodeForm
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.permissions import TreeKeeper
from ops_app.modules.organizations.titles import KINDS, LOCATIONS, POSITIONS, SITE_KINDS, TYPES
from ops_app.ui.render import page, redirect

router = APIRouter()


@router.get("/organizations", name="organizations:tree")
def tree(request: Request, actor: TreeKeeper, db: Db, q: str = "") -> Response:
    nodes = queries.tree(db, service.managing(actor), q[:80])
    depth: dict[int, int] = {}
    for node in nodes:
        depth[node.id] = depth.get(node.parent_id or 0, -1) + 1
    return page(request, "organizations/tree.html", nodes=nodes, depth=depth, kinds=KINDS, types=TYPES, q=q)


@router.get("/organizations/{node_id}", name="organizations:node")
def node(request: Request, node_id: int, actor: TreeKeeper, db: Db) -> Response:
    return _node_page(request, db, actor, node_id)


@router.post("/organizations/{node_id}", name="organizations:change")
def change(request: Request, node_id: int, actor: TreeKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(NodeForm)
    if form.value is not None:
        try:
            service.change_node(db, actor, node_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, node_url(request, node_id), _("Saved"))
    return _node_page(request, db, actor, node_id, form=form)


@router.get("/organizations/{node_id}/new", name="organizations:new")
def new(request: Request, node_id: int, actor: TreeKeeper, db: Db) -> Response:
    return _new_page(request, db, actor, node_id, blank())


@router.post("/organizations/{node_id}/new", name="organizations:add")
def add(request: Request, node_id: int, actor: TreeKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(NewNodeForm)
    if form.value is not None:
        try:
            made = service.add_node(db, actor, node_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, node_url(request, made.id), _("Added"))
    return _new_page(request, db, actor, node_id, form)


@router.post("/organizations/{node_id}/close", name="organizations:close")
def close(request: Request, node_id: int, actor: TreeKeeper, db: Db) -> Response:
    closed = service.close_node(db, actor, node_id)
    return redirect(request, node_url(request, closed.parent_id or closed.id), _("Closed"))


@router.post("/organizations/{node_id}/locations", name="organizations:add_location")
def add_location(request: Request, node_id: int, actor: TreeKeeper, db: Db, posted: PostedForm) -> Response:
    form = posted.check(LocationForm)
    if form.value is not None:
        service.add_location(db, actor, node_id, form.value)
        return redirect(request, node_url(request, node_id), _("Added"))
    return _node_page(request, db, actor, node_id, location_form=form)


def node_url(request: Request, node_id: int) -> str:
    """The page of a node."""
    return str(request.app.url_path_for("organizations:node", node_id=node_id))


def _known(session: Session, found: Organization) -> Form[Any]:
    profile = structure_queries.profile_of(session, found.id)
    own = {name: getattr(found, name) for name in NodeForm.model_fields if hasattr(found, name)}
    return blank(own | {name: getattr(profile, name, None) for name in service.PROFILE})


def _node_page(
    request: Request,
    db: Session,
    actor: Actor,
    node_id: int,
    *,
    form: Form[NodeForm] | None = None,
    location_form: Form[LocationForm] | None = None,
) -> Response:
    found = structure_queries.node_or_404(db, node_id, service.managing(actor))
    here = [row for row in queries.practitioners_of(db, [node_id]) if row.PractitionerRole.organization_id == node_id]
    return page(
        request,
        "organizations/node.html",
        node=found,
        path=queries.path(db, node_id),
        form=form or _known(db, found),
        location_form=location_form or blank(),
        children=structure_queries.children(db, node_id),
        locations=structure_queries.locations(db, node_id),
        staff=here,
        below=service.BELOW[found.kind],
        kinds=KINDS,
        types=TYPES,
        site_kinds=SITE_KINDS,
        care_profiles=care_profiles(),
        location_kinds=LOCATIONS,
        positions=POSITIONS,
        status_code=422 if (form and form.errors) or (location_form and location_form.errors) else 200,
    )


def _new_page(request: Request, db: Session, actor: Actor, node_id: int, form: Form[NewNodeForm]) -> Response:
    parent = structure_queries.node_or_404(db, node_id, service.managing(actor))
    return page(
        request,
        "organizations/new_node.html",
        parent=parent,
        path=queries.path(db, node_id),
        form=form,
        below=service.BELOW[parent.kind],
        kinds=KINDS,
        types=TYPES,
        site_kinds=SITE_KINDS,
        care_profiles=care_profiles(),
        status_code=422 if form.errors else 200,
    )
