"""Trusted networks: from where the staff of an organisation may work."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Forbidden, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import request_context
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.undo import Undo, held_by
from ops_app.modules.accounts import limit_service, queries
from ops_app.modules.accounts.forms import NetworkForm
from ops_app.modules.accounts.models import TrustedNetwork
from ops_app.modules.accounts.permissions import NetworkManager
from ops_app.modules.organizations.models import Organization
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect
from ops_app.ui.undo import state_of

router = APIRouter()


@router.get("/networks", name="accounts:networks")
def networks(request: Request, actor: NetworkManager, db: Db) -> Response:
    return _page(request, actor, db, blank())


@router.post("/networks", name="accounts:add_network")
def add_network(request: Request, actor: NetworkManager, db: Db, posted: PostedForm) -> Response:
    form = posted.check(NetworkForm)
    if form.value is not None:
        try:
            if not actor.scope(Permission.ACCOUNTS_NETWORK_MANAGE).allows(form.value.organization_id):
                raise Forbidden(_("This organisation is not yours to administer"), field="organization_id")
            limit_service.add_network(db, form.value, by=actor)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, str(request.app.url_path_for("accounts:networks")), _("The network is trusted"))
    return _page(request, actor, db, form)


@router.post("/networks/{network_id}/remove", name="accounts:remove_network")
def remove_network(request: Request, network_id: int, actor: NetworkManager, db: Db) -> Response:
    network = db.get(TrustedNetwork, network_id)
    if network is None or not actor.scope(Permission.ACCOUNTS_NETWORK_MANAGE).allows(network.organization_id):
        raise NotFound()
    undo = Undo("accounts:restore_network", state=held_by(network))
    limit_service.remove_network(db, network, by=actor)
    url = str(request.app.url_path_for("accounts:networks"))
    return redirect(request, url, _("The network is removed"), undo=undo)


@router.post("/networks/restore", name="accounts:restore_network")
def restore_network(request: Request, actor: NetworkManager, db: Db, posted: PostedForm) -> Response:
    """Take back that a network was removed."""
    state = state_of(request, posted)
    if not actor.scope(Permission.ACCOUNTS_NETWORK_MANAGE).allows(state["before"]["organization_id"]):
        raise NotFound()
    limit_service.restore_network(db, state, by=actor)
    return redirect(request, str(request.app.url_path_for("accounts:networks")), _("The network is trusted"))


def _page(request: Request, actor: Actor, db: Session, form: Form[NetworkForm]) -> Response:
    scope = actor.scope(Permission.ACCOUNTS_NETWORK_MANAGE)
    listed = db.execute(
        select(TrustedNetwork, Organization)
        .join(Organization, Organization.id == TrustedNetwork.organization_id)
        .where(scope.condition(TrustedNetwork.organization_id))
        .order_by(Organization.sort_key, TrustedNetwork.network)
    ).all()
    choices = queries.organization_choices(db, scope)
    return page(
        request,
        "accounts/networks.html",
        listed=listed,
        form=form,
        places=[(node.id, "\N{EM DASH} " * depth + local_name(node)) for node, depth in choices],
        own_address=request_context.current().ip or "",
        status_code=422 if form.errors else 200,
    )
