"""One's own second factor: adding it with a generator of codes, recovery codes, removing it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.auth import SignedInBeforePasswordChange
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.htmx import see_other
from ops_app.modules.accounts import queries, second_factor
from ops_app.modules.accounts.forms import CodeForm, OwnPasswordForm
from ops_app.ui.render import page, redirect

router = APIRouter()


@router.get("/account/second-factor", name="accounts:second_factor")
def own(request: Request, actor: SignedInBeforePasswordChange, db: Db) -> Response:
    return _page(request, actor, db, blank())


@router.post("/account/second-factor", name="accounts:begin_second_factor")
def begin(request: Request, actor: SignedInBeforePasswordChange, db: Db) -> Response:
    second_factor.begin(db, actor)
    return see_other(request, _own_url(request))


@router.post("/account/second-factor/confirm", name="accounts:confirm_second_factor")
def confirm(request: Request, actor: SignedInBeforePasswordChange, db: Db, posted: PostedForm) -> Response:
    form = posted.check(CodeForm)
    if form.value is not None:
        try:
            codes = second_factor.confirm(db, actor, form.value.code)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return page(request, "accounts/recovery_codes.html", codes=codes)
    return _page(request, actor, db, form)


@router.post("/account/second-factor/remove", name="accounts:remove_second_factor")
def remove(request: Request, actor: SignedInBeforePasswordChange, db: Db, posted: PostedForm) -> Response:
    form = posted.check(OwnPasswordForm)
    if form.value is not None:
        try:
            second_factor.remove(db, actor, form.value.password)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _own_url(request), _("The second factor is removed"))
    return _page(request, actor, db, form)


def _own_url(request: Request) -> str:
    return str(request.app.url_path_for("accounts:second_factor"))


def _page(request: Request, actor: Actor, db: Session, form: Form[Any]) -> Response:
    made = second_factor.begun(db, actor.account_id)
    return page(
        request,
        "accounts/second_factor.html",
        form=form,
        is_added=queries.has_second_factor(db, actor.account_id),
        codes_left=second_factor.codes_left(db, actor.account_id),
        key=made,
        picture=second_factor.picture(actor.login, made) if made else None,
        status_code=422 if form.errors else 200,
    )
