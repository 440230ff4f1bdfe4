"""The start page, what is new, and putting it away."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import SignedIn
from ops_app.db import Db
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.mechanisms.undo import Undo
from ops_app.modules.accounts.queries import role_titles
from ops_app.modules.home import queries
from ops_app.modules.home.models import DismissedRelease
from ops_app.modules.home.release_notes import releases
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect
from saulyq.settings import settings

router = APIRouter()


@router.get("/", name="home:start")
def start(request: Request, actor: SignedIn, db: Db) -> Response:
    """What waits today on the pages this person may open."""
    titles = role_titles(db)
    return page(
        request,
        "home/start.html",
        day=queries.day_of(db, actor, request.app.state.modules),
        roles=sorted(titles[role] for role in actor.roles if role in titles),
        news=queries.news_for(db, actor),
        elsewhere=_elsewhere(actor),
    )


def _elsewhere(actor: Actor) -> list[tuple[str, str]]:
    """The other parts of the system that this person may open: title and address."""
    parts = (
        (Permission.DASHBOARDS_PAGE_READ, _("Dashboards"), settings().dashboards_port),
        (Permission.PLATFORM_DAGSTER_OPEN, _("Pipelines in Dagster"), settings().dagster_port),
    )
    return [(title, settings().page_url(port)) for permission, title, port in parts if actor.may(permission)]


@router.get("/releases", name="home:releases")
def all_releases(request: Request, actor: SignedIn) -> Response:
    return page(request, "home/releases.html", releases=releases())


@router.post("/releases/{version}/dismiss", name="home:dismiss")
def dismiss(request: Request, version: str, actor: SignedIn, db: Db) -> Response:
    """Show the notes of a release no more to this person."""
    if version not in {release.version for release in releases()}:
        raise NotFound(_("There is no such release"))
    if db.get(DismissedRelease, (actor.account_id, version)) is None:
        db.add(DismissedRelease(account_id=actor.account_id, version=version))
        audit.changed(db, actor, entity="home.dismissed_release", entity_id=version, after={"version": version})
    undo = Undo("home:show_again", {"version": version})
    return redirect(request, "/", _("The news is put away; it stays among the releases"), undo=undo)


@router.post("/releases/{version}/show", name="home:show_again")
def show_again(request: Request, version: str, actor: SignedIn, db: Db) -> Response:
    """Show the notes of a release to this person again."""
    put_away = db.get(DismissedRelease, (actor.account_id, version))
    if put_away is None:
        raise NotFound(_("There is no such release"))
    db.delete(put_away)
    audit.changed(db, actor, entity="home.dismissed_release", entity_id=version, before={"version": version}, after={})
    return redirect(request, "/", _("The news is back"))
