"""The directory of places: what every member of staff may look up. Nothing here is about a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.auth import SignedIn
from ops_app.db import Db
from ops_app.kit.form_fields import blank
from ops_app.kit.htmx import is_htmx
from ops_app.modules.organizations import place_queries, queries, structure_queries
from ops_app.modules.organizations.titles import KINDS, LOCATIONS, SITE_KINDS, TYPES
from ops_app.permissions import Permission
from ops_app.ui.render import fragment, page

router = APIRouter()


@router.get("/places", name="organizations:places")
def places(request: Request, actor: SignedIn, db: Db, q: str = "") -> Response:
    """Facilities, departments, sites and rooms by name."""
    found = place_queries.find(db, q[:80])
    about: dict[str, Any] = {
        "found": found,
        "paths": queries.paths(db, {place.node.id for place in found}),
        "kinds": KINDS,
        "location_kinds": LOCATIONS,
        "q": q,
    }
    if is_htmx(request):
        return fragment(request, "organizations/_places.html", **about)
    return page(request, "organizations/places.html", form=blank({"q": q}), **about)


@router.get("/places/{node_id}", name="organizations:place")
def place(request: Request, node_id: int, actor: SignedIn, db: Db) -> Response:
    """One place: where it stands, how to reach it, what is in it."""
    node = place_queries.place_or_404(db, node_id)
    return page(
        request,
        "organizations/place.html",
        node=node,
        path=[step for step in queries.path(db, node_id) if step.id != node_id],
        profile=structure_queries.profile_of(db, node_id),
        below=structure_queries.children(db, node_id),
        rooms=structure_queries.locations(db, node_id),
        may_change=actor.scope(Permission.ORGANIZATIONS_TREE_MANAGE).allows(node_id),
        kinds=KINDS,
        types=TYPES,
        site_kinds=SITE_KINDS,
        location_kinds=LOCATIONS,
    )
