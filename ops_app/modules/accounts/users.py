"""User administration: who has an account, with which roles and where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Forbidden, Invalid, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import dates
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.undo import Undo, held_by
from ops_app.modules.accounts import changes, queries, service
from ops_app.modules.accounts.forms import AccountForm, RoleForm
from ops_app.modules.accounts.group_queries import start_of, through_groups
from ops_app.modules.accounts.limit_service import limits_of
from ops_app.modules.accounts.models import Account, RoleAssignment, StoredRole, WorkingHours
from ops_app.modules.accounts.permissions import UserManager
from ops_app.modules.accounts.titles import LEVELS
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect
from ops_app.ui.undo import state_of

router = APIRouter()


@router.get("/users", name="accounts:users")
def users(request: Request, actor: UserManager, db: Db, paging: Paging, q: str | None = None) -> Response:
    found = fetch_page(
        db,
        queries.accounts_in(actor.scope(Permission.ACCOUNTS_USER_MANAGE), q),
        paging,
        sortable={"name": Account.display_name, "login": Account.login, "last": Account.last_sign_in_at},
        default=[Account.display_name, Account.id],
        scalars=True,
    )
    held = queries.assignments(db, [account.id for account in found.items])
    through = through_groups(db, [account.id for account in found.items])
    return page(
        request,
        "accounts/users.html",
        found=found,
        held=held,
        through=through,
        roles=queries.role_titles(db),
        q=q or "",
    )


@router.get("/users/new", name="accounts:new_user")
def new_user(request: Request, actor: UserManager, db: Db) -> Response:
    return _new_page(request, actor, db, blank())


@router.post("/users/new", name="accounts:create_user")
def create_user(request: Request, actor: UserManager, db: Db, posted: PostedForm) -> Response:
    form = posted.check(AccountForm)
    refuse_unknown_role(db, form)
    if form.value is not None:
        try:
            refuse_outside(actor, start_of(db, form.value.node, form.value.level))
            waits = changes.must_be_signed(db, form.value.node)
            account, password = service.create_account(
                db,
                form.value.login,
                form.value.display_name,
                [] if waits else [(form.value.role, form.value.node)],
                by=actor,
                kind=form.value.kind,
                level=form.value.level,
                request=form.value.request,
            )
            if waits:
                changes.ask_to_create(db, actor, account, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return page(request, "accounts/first_password.html", account=account, password=password, waits=waits)
    return _new_page(request, actor, db, form)


@router.get("/users/{account_id}", name="accounts:user")
def user(request: Request, account_id: int, actor: UserManager, db: Db) -> Response:
    return user_page(request, actor, db, managed(db, actor, account_id), blank())


@router.post("/users/{account_id}/roles", name="accounts:give_role")
def give_role(request: Request, account_id: int, actor: UserManager, db: Db, posted: PostedForm) -> Response:
    account = managed(db, actor, account_id)
    form = posted.check(RoleForm)
    refuse_unknown_role(db, form)
    if form.value is not None:
        try:
            refuse_outside(actor, start_of(db, form.value.node, form.value.level))
            if changes.must_be_signed(db, form.value.node):
                changes.ask_for_role(db, actor, account, form.value)
                return _waits(request, account_id)
            given = service.give_role(
                db,
                account,
                form.value.role,
                form.value.node,
                level=form.value.level,
                by=actor,
                request=form.value.request,
            )
        except OpsError as refused:
            form.refuse(refused)
        else:
            undo = Undo("accounts:take_role", {"account_id": account_id, "assignment_id": given.id})
            return redirect(request, user_url(request, account_id), _("The role is given"), undo=undo)
    return user_page(request, actor, db, account, form)


@router.post("/users/{account_id}/roles/{assignment_id}/take", name="accounts:take_role")
def take_role(request: Request, account_id: int, assignment_id: int, actor: UserManager, db: Db) -> Response:
    account = managed(db, actor, account_id)
    assignment = db.get(RoleAssignment, assignment_id)
    if assignment is None or assignment.account_id != account_id:
        raise NotFound()
    refuse_outside(actor, start_of(db, assignment.organization_id, assignment.level))
    if changes.must_be_signed(db, assignment.organization_id):
        changes.ask(db, actor, "take_role", account, role=assignment.role, place=assignment.organization_id)
        return _waits(request, account_id)
    undo = Undo("accounts:restore_role", {"account_id": account_id}, state=held_by(assignment))
    service.take_role(db, assignment, account, by=actor)
    told = _("The role is taken away")
    if _managed(db, actor, account_id) is None:
        # It was the last one in this administrator's places: the user is no longer his to see or to bring back.
        return redirect(request, str(request.app.url_path_for("accounts:users")), told)
    return redirect(request, user_url(request, account_id), told, undo=undo)


@router.post("/users/{account_id}/roles/restore", name="accounts:restore_role")
def restore_role(request: Request, account_id: int, actor: UserManager, db: Db, posted: PostedForm) -> Response:
    """Take back that a role was taken away."""
    account, state = managed(db, actor, account_id), state_of(request, posted)
    place, level = state["before"]["organization_id"], state["before"]["level"]
    refuse_outside(actor, start_of(db, place, level))
    changes.refuse_unsigned(db, place)
    given = service.restore_role(db, account, state, by=actor)
    undo = Undo("accounts:take_role", {"account_id": account_id, "assignment_id": given.id})
    return redirect(request, user_url(request, account_id), _("The role is given"), undo=undo)


@router.post("/users/{account_id}/password", name="accounts:reset_password")
def reset_password(request: Request, account_id: int, actor: UserManager, db: Db) -> Response:
    account = managed(db, actor, account_id)
    password = service.reset_password(db, account, by=actor)
    return page(request, "accounts/first_password.html", account=account, password=password, waits=False)


@router.post("/users/{account_id}/disable", name="accounts:disable_user")
def disable(request: Request, account_id: int, actor: UserManager, db: Db) -> Response:
    account = managed(db, actor, account_id)
    if changes.must_be_signed(db, changes.place_of(db, account)):
        changes.ask(db, actor, "disable", account, place=changes.place_of(db, account))
        return _waits(request, account_id)
    service.disable_account(db, account, by=actor)
    return redirect(request, user_url(request, account_id), _("The account is disabled, its sessions are ended"))


@router.post("/users/{account_id}/enable", name="accounts:enable_user")
def enable(request: Request, account_id: int, actor: UserManager, db: Db) -> Response:
    account = managed(db, actor, account_id)
    if changes.must_be_signed(db, changes.place_of(db, account)):
        changes.ask(db, actor, "enable", account, place=changes.place_of(db, account))
        return _waits(request, account_id)
    service.enable_account(db, account, by=actor)
    return redirect(request, user_url(request, account_id), _("The account may sign in again"))


def _waits(request: Request, account_id: int) -> Response:
    told = _("Takes effect when the responsible employee signs it")
    return redirect(request, user_url(request, account_id), told, "warning")


def managed(db: Session, actor: Actor, account_id: int) -> Account:
    """The account, if it is the administrator's to manage."""
    account = _managed(db, actor, account_id)
    if account is None:
        raise NotFound(_("There is no such user"))
    return account


def _managed(db: Session, actor: Actor, account_id: int) -> Account | None:
    scope = actor.scope(Permission.ACCOUNTS_USER_MANAGE)
    return db.scalars(queries.accounts_in(scope).where(Account.id == account_id)).one_or_none()


def refuse_unknown_role(db: Session, form: Form[Any]) -> None:
    """Roles are rows, so the shape of the form alone cannot know them."""
    if "role" not in form.errors and db.get(StoredRole, form.text("role")) is None:
        form.refuse(Invalid(_("Choose one of the listed values"), field="role"))


def refuse_outside(
    actor: Actor, organization_id: int | None, permission: Permission = Permission.ACCOUNTS_USER_MANAGE
) -> None:
    """An administrator gives roles only inside his own scope."""
    scope = actor.scope(permission)
    if organization_id is None and not scope.everywhere:
        raise Invalid(_("Choose the organisation"), field="organization_id")
    if organization_id is not None and not scope.allows(organization_id):
        raise Forbidden(_("This organisation is not yours to administer"), field="organization_id")


def user_url(request: Request, account_id: int) -> str:
    """Address of the page of one user."""
    return str(request.app.url_path_for("accounts:user", account_id=account_id))


def _choices(db: Session, actor: Actor) -> dict[str, object]:
    scope = actor.scope(Permission.ACCOUNTS_USER_MANAGE)
    places = [(0, _("whole installation"))] if scope.everywhere else []
    for node, depth in queries.organization_choices(db, scope):
        places.append((node.id, "\N{EM DASH} " * depth + local_name(node)))
    levels = {code: _(title) for code, title in LEVELS.items()}
    return {"role_choices": list(queries.role_titles(db).items()), "places": places, "level_titles": levels}


def _new_page(request: Request, actor: Actor, db: Session, form: Form[AccountForm]) -> Response:
    status = 422 if form.errors else 200
    return page(request, "accounts/new_user.html", form=form, status_code=status, **_choices(db, actor))


def user_page(
    request: Request,
    actor: Actor,
    db: Session,
    account: Account,
    form: Form[RoleForm],
    limit_forms: Mapping[str, Form[Any]] | None = None,
) -> Response:
    """The page of one user, with whichever of its forms was refused: ``limit_forms`` by ban, hours or permit."""
    limits = limits_of(db, account)
    refused = dict(limit_forms or {})
    return page(
        request,
        "accounts/user.html",
        account=account,
        held=queries.assignments(db, [account.id])[account.id],
        through=through_groups(db, [account.id])[account.id],
        roles=queries.role_titles(db),
        form=form,
        limits=limits,
        pending=changes.pending_of(db, account=account),
        change_text=changes.text_of,
        weekdays=[dates.weekday_name(dt.date(2026, 1, 5) + dt.timedelta(days=day)) for day in range(7)],
        ban_form=refused.get("ban") or blank(),
        hours_form=refused.get("hours") or _hours_form(limits.hours),
        permit_form=refused.get("permit") or blank(),
        status_code=422 if form.errors or refused else 200,
        **_choices(db, actor),
    )


def _hours_form(hours: Sequence[WorkingHours]) -> Form[Any]:
    """The form of the hours as they are: saving it unchanged takes nothing away."""
    if not hours:
        return blank()
    shift = {"starts": f"{hours[0].starts:%H:%M}", "ends": f"{hours[0].ends:%H:%M}"}
    return blank(shift | {"weekdays": [str(row.weekday) for row in hours]})
