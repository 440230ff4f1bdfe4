"""Roles: named sets of permissions; those of the program are shown, own ones can be made and changed."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Forbidden, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.accounts import queries, role_service
from ops_app.modules.accounts.forms import NewRoleForm, StoredRoleForm
from ops_app.modules.accounts.models import StoredRole
from ops_app.modules.accounts.permissions import RoleManager
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()


@router.get("/roles", name="accounts:roles")
def roles(request: Request, actor: RoleManager, db: Db) -> Response:
    listed = queries.stored_roles(db)
    return page(
        request,
        "accounts/roles.html",
        roles=listed,
        titles=queries.role_titles(db),
        holders={role.code: queries.holders(db, role.code) for role in listed},
        may_change=_everywhere(actor),
    )


@router.get("/roles/new", name="accounts:new_role")
def new_role(request: Request, actor: RoleManager, db: Db, like: str = "") -> Response:
    """A new role, with the permissions of another one ticked."""
    _refuse_local(actor)
    model = db.get(StoredRole, like)
    return _form_page(request, blank({"permissions": model.permissions if model else []}), None)


@router.post("/roles/new", name="accounts:create_role")
def create_role(request: Request, actor: RoleManager, db: Db, posted: PostedForm) -> Response:
    _refuse_local(actor)
    form = posted.check(NewRoleForm)
    if form.value is not None:
        try:
            role_service.create_role(db, form.value, by=actor)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, str(request.app.url_path_for("accounts:roles")), _("The role is created"))
    return _form_page(request, form, None)


@router.get("/roles/{code}", name="accounts:role")
def role(request: Request, code: str, actor: RoleManager, db: Db) -> Response:
    found = _found(db, code)
    known = {name: getattr(found, name) for name in ("name_kk", "name_ru", "name_en", "permissions")}
    return _form_page(
        request,
        blank(known | {"needs_second_factor": "1" if found.needs_second_factor else ""}),
        found,
        may_change=_everywhere(actor),
    )


@router.post("/roles/{code}", name="accounts:change_role")
def change_role(request: Request, code: str, actor: RoleManager, db: Db, posted: PostedForm) -> Response:
    _refuse_local(actor)
    found = _found(db, code)
    form = posted.check(StoredRoleForm)
    if form.value is not None:
        try:
            role_service.change_role(db, found, form.value, by=actor)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, str(request.app.url_path_for("accounts:roles")), _("The role is changed"))
    return _form_page(request, form, found)


@router.post("/roles/{code}/remove", name="accounts:remove_role")
def remove_role(request: Request, code: str, actor: RoleManager, db: Db) -> Response:
    _refuse_local(actor)
    role_service.remove_role(db, _found(db, code), by=actor)
    return redirect(request, str(request.app.url_path_for("accounts:roles")), _("The role is removed"))


def _everywhere(actor: Actor) -> bool:
    return actor.scope(Permission.ACCOUNTS_ROLE_MANAGE).everywhere


def _refuse_local(actor: Actor) -> None:
    # A role holds in every organisation, so an administrator of one of them does not change it for the others.
    if not _everywhere(actor):
        raise Forbidden(_("Roles belong to the whole installation"), advice=_("Ask its administrator."))


def _found(db: Session, code: str) -> StoredRole:
    found = db.get(StoredRole, code)
    if found is None:
        raise NotFound(_("There is no such role"))
    return found


def _form_page(
    request: Request,
    form: Form[NewRoleForm] | Form[StoredRoleForm],
    found: StoredRole | None,
    *,
    may_change: bool = True,
) -> Response:
    return page(
        request,
        "accounts/role.html",
        form=form,
        role=found,
        may_change=may_change,
        permissions=list(Permission),
        status_code=422 if form.errors else 200,
    )
