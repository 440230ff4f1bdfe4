"""The bell, the page behind it and one's own settings."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.auth import SignedIn
from ops_app.db import Db
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.htmx import see_other
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.notifications.channels import CHANNELS
from ops_app.mechanisms.notifications.models import Notification
from ops_app.mechanisms.notifications.notice import Notice
from ops_app.mechanisms.undo import Undo
from ops_app.modules.notifications import queries, service
from ops_app.modules.notifications.forms import ReadTogether, SettingsForm
from ops_app.ui.render import page, redirect

router = APIRouter()


@router.get("/notifications", name="notifications:list")
def all_notices(request: Request, actor: SignedIn, db: Db, paging: Paging) -> Response:
    found = fetch_page(
        db,
        queries.own(actor.account_id),
        paging,
        sortable={},
        default=[Notification.read_at.is_not(None), Notification.id.desc()],
        count=False,
        scalars=True,
    )
    return page(request, "notifications/list.html", found=found, unread=queries.unread(db, actor.account_id))


@router.get("/notifications/unread", name="notifications:unread")
def unread(request: Request, actor: SignedIn, db: Db) -> Response:
    """The number at the bell."""
    return JSONResponse({"unread": queries.unread(db, actor.account_id)})


@router.get("/notifications/settings", name="notifications:settings")
def settings_page(request: Request, actor: SignedIn, db: Db) -> Response:
    notices = notices_of(request)
    kept = queries.preference(db, actor.account_id, "email")
    wanted = notices.keys() - queries.muted(db, actor.account_id)
    known = {
        "by_email": "1" if kept and kept.is_on else "",
        "address": kept.address if kept else "",
        "kinds": sorted(wanted),
    }
    return _settings_page(request, blank(known))


@router.post("/notifications/settings", name="notifications:save_settings")
def save_settings(request: Request, actor: SignedIn, db: Db, posted: PostedForm) -> Response:
    form = posted.check(SettingsForm)
    if form.value is None:
        if "" in form.errors:
            form.errors["address"] = form.errors.pop("")
        return _settings_page(request, form, status_code=422)
    service.save_settings(db, actor, form.value, notices_of(request))
    return redirect(request, _url(request, "notifications:settings"), _("The settings are saved"))


@router.get("/notifications/{notification_id}/open", name="notifications:open")
def open_notice(request: Request, notification_id: int, actor: SignedIn, db: Db) -> Response:
    found = _own(db, actor, notification_id)
    service.mark_read(found)
    return see_other(request, found.target)


@router.post("/notifications/{notification_id}/read", name="notifications:read")
def read(request: Request, notification_id: int, actor: SignedIn, db: Db) -> Response:
    service.mark_read(_own(db, actor, notification_id))
    undo = Undo("notifications:unread_again", {"notification_id": notification_id})
    return redirect(request, _url(request, "notifications:list"), _("The notice is read"), undo=undo)


@router.post("/notifications/{notification_id}/unread", name="notifications:unread_again")
def unread_again(request: Request, notification_id: int, actor: SignedIn, db: Db) -> Response:
    """Let a notice wait again."""
    service.mark_unread(db, actor, [_own(db, actor, notification_id)])
    return redirect(request, _url(request, "notifications:list"), _("The notice waits again"))


@router.post("/notifications/read", name="notifications:read_all")
def read_all(request: Request, actor: SignedIn, db: Db) -> Response:
    read_at = service.mark_all_read(db, actor)
    undo = Undo("notifications:unread_all", fields={"read_at": read_at.isoformat()})
    return redirect(request, _url(request, "notifications:list"), _("All notices are read"), undo=undo)


@router.post("/notifications/unread", name="notifications:unread_all")
def unread_all(request: Request, actor: SignedIn, db: Db, posted: PostedForm) -> Response:
    """Let those notices wait again that were read together at one moment."""
    form = posted.check(ReadTogether)
    if form.value is not None:
        service.mark_unread(db, actor, queries.read_together(db, actor.account_id, form.value.read_at))
    return redirect(request, _url(request, "notifications:list"), _("The notices wait again"))


def notices_of(request: Request) -> dict[str, Notice]:
    """The kinds of notices of all modules."""
    return {notice.kind: notice for module in request.app.state.modules for notice in module.notices}


def _own(db: Session, actor: Actor, notification_id: int) -> Notification:
    found = queries.notification(db, actor.account_id, notification_id)
    if found is None:
        raise NotFound(_("There is no such notice"))
    return found


def _settings_page(request: Request, form: Form[SettingsForm], status_code: int = 200) -> Response:
    return page(
        request,
        "notifications/settings.html",
        form=form,
        notices=notices_of(request),
        email_works=CHANNELS["email"]().configured(),
        status_code=status_code,
    )


def _url(request: Request, name: str) -> str:
    return str(request.app.url_path_for(name))
