"""Limits on the page of a user: bans, working hours, permits, devices, a lost second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.accounts import limit_service, second_factor
from ops_app.modules.accounts.forms import BanForm, HoursForm, PermitForm
from ops_app.modules.accounts.permissions import UserManager
from ops_app.modules.accounts.users import managed, user_page, user_url
from ops_app.ui.render import redirect

router = APIRouter()

M = TypeVar("M", bound=BaseModel)


@router.post("/users/{account_id}/ban", name="accounts:ban_user")
def ban_user(request: Request, account_id: int, actor: UserManager, db: Db, posted: PostedForm) -> Response:
    account, form = managed(db, actor, account_id), posted.check(BanForm)
    return _done(
        request, actor, db, account_id, "ban", form, lambda value: limit_service.ban(db, account, value, by=actor)
    )


@router.post("/users/{account_id}/ban/{ban_id}/lift", name="accounts:lift_ban")
def lift_ban(request: Request, account_id: int, ban_id: int, actor: UserManager, db: Db) -> Response:
    limit_service.lift_ban(db, managed(db, actor, account_id), ban_id, by=actor)
    return redirect(request, user_url(request, account_id), _("The ban is lifted"))


@router.post("/users/{account_id}/hours", name="accounts:set_hours")
def set_hours(request: Request, account_id: int, actor: UserManager, db: Db, posted: PostedForm) -> Response:
    account, form = managed(db, actor, account_id), posted.check(HoursForm)
    return _done(
        request,
        actor,
        db,
        account_id,
        "hours",
        form,
        lambda value: limit_service.set_hours(db, account, value, by=actor),
    )


@router.post("/users/{account_id}/permit", name="accounts:permit_service")
def permit_service(request: Request, account_id: int, actor: UserManager, db: Db, posted: PostedForm) -> Response:
    account, form = managed(db, actor, account_id), posted.check(PermitForm)
    return _done(
        request, actor, db, account_id, "permit", form, lambda value: limit_service.permit(db, account, value, by=actor)
    )


@router.post("/users/{account_id}/sessions/{session_id}/end", name="accounts:end_user_session")
def end_user_session(request: Request, account_id: int, session_id: int, actor: UserManager, db: Db) -> Response:
    limit_service.end_session(db, managed(db, actor, account_id), session_id, by=actor)
    return redirect(request, user_url(request, account_id), _("The session is ended"))


@router.post("/users/{account_id}/second-factor/forget", name="accounts:forget_second_factor")
def forget_second_factor(request: Request, account_id: int, actor: UserManager, db: Db) -> Response:
    second_factor.forget(db, managed(db, actor, account_id), actor)
    return redirect(request, user_url(request, account_id), _("The second factor is removed"))


def _done(
    request: Request,
    actor: Actor,
    db: Session,
    account_id: int,
    what: str,
    form: Form[M],
    write: Callable[[M], object],
) -> Response:
    if form.value is not None:
        try:
            write(form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, user_url(request, account_id), _("Saved"))
    return user_page(request, actor, db, managed(db, actor, account_id), blank(), {what: form})
