"""Where a person of several places works now: the roles hold at the chosen place and below only."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.auth import SignedIn
from ops_app.db import Db
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit.form_fields import PostedForm
from ops_app.modules.accounts import queries, service
from ops_app.ui.render import page, redirect

router = APIRouter()


@router.get("/account/place", name="accounts:place")
def places(request: Request, actor: SignedIn, db: Db) -> Response:
    return page(request, "accounts/place.html", places=queries.own_places(db, actor.account_id))


@router.post("/account/place", name="accounts:choose_place")
def choose_place(request: Request, actor: SignedIn, db: Db, posted: PostedForm) -> Response:
    chosen = posted.get("place_id") or ""
    if chosen and not (chosen.isdecimal() and len(chosen) < 19):
        raise NotFound(_("This place is not among yours"))
    service.choose_place(db, actor, int(chosen) if chosen else None)
    return redirect(request, "/", _("The place of work is chosen"))
