"""Groups: the list, one group with its members and roles, everything an administrator does to them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.undo import Undo, held_by
from ops_app.modules.accounts import changes, group_queries, group_service, queries
from ops_app.modules.accounts.forms import GroupForm, GroupNames, GroupRoleForm, MemberForm
from ops_app.modules.accounts.models import AccessGroup, Account, GroupMember, RoleAssignment
from ops_app.modules.accounts.permissions import GroupManager
from ops_app.modules.accounts.titles import LEVELS
from ops_app.modules.accounts.users import refuse_outside
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.titles import POSITIONS
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect
from ops_app.ui.undo import state_of

router = APIRouter()
MANAGE = Permission.ACCOUNTS_GROUP_MANAGE


@router.get("/groups", name="accounts:groups")
def groups(request: Request, actor: GroupManager, db: Db) -> Response:
    return page(request, "accounts/groups.html", groups=group_queries.groups(db, actor.scope(MANAGE)))


@router.get("/groups/new", name="accounts:new_group")
def new_group(request: Request, actor: GroupManager, db: Db) -> Response:
    return _new_page(request, actor, db, blank())


@router.post("/groups/new", name="accounts:create_group")
def create_group(request: Request, actor: GroupManager, db: Db, posted: PostedForm) -> Response:
    form = posted.check(GroupForm)
    if form.value is not None:
        try:
            refuse_outside(actor, form.value.node, MANAGE)
            group = group_service.create_group(db, form.value, by=actor)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, group), _("The group is created"))
    return _new_page(request, actor, db, form)


@router.get("/groups/{group_id}", name="accounts:group")
def group(request: Request, group_id: int, actor: GroupManager, db: Db) -> Response:
    return _page(request, actor, db, _found(db, actor, group_id))


@router.post("/groups/{group_id}", name="accounts:change_group")
def change_group(request: Request, group_id: int, actor: GroupManager, db: Db, posted: PostedForm) -> Response:
    found = _found(db, actor, group_id)
    form = posted.check(GroupNames)
    if form.value is None:
        return _page(request, actor, db, found, names=form)
    group_service.rename_group(db, found, form.value, by=actor)
    return redirect(request, _url(request, found), _("The group is changed"))


@router.post("/groups/{group_id}/remove", name="accounts:remove_group")
def remove_group(request: Request, group_id: int, actor: GroupManager, db: Db) -> Response:
    group_service.remove_group(db, _found(db, actor, group_id), by=actor)
    return redirect(request, str(request.app.url_path_for("accounts:groups")), _("The group is removed"))


@router.post("/groups/{group_id}/members", name="accounts:join_group")
def join(request: Request, group_id: int, actor: GroupManager, db: Db, posted: PostedForm) -> Response:
    """Take in a user by login, or a position."""
    found = _found(db, actor, group_id)
    form = posted.check(MemberForm)
    if form.value is not None:
        try:
            account = _member_account(db, actor, form.value)
            if changes.must_be_signed(db, found.organization_id):
                changes.ask_about_group(db, actor, "join_group", found, form.value, account=account)
                return _waits(request, found)
            group_service.join(db, found, account, form.value.position, by=actor, request=form.value.request)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, found), _("Taken into the group"))
    return _page(request, actor, db, found, member=form)


@router.post("/groups/{group_id}/members/{member_id}/leave", name="accounts:leave_group")
def leave(request: Request, group_id: int, member_id: int, actor: GroupManager, db: Db) -> Response:
    found = _found(db, actor, group_id)
    member = db.get(GroupMember, member_id)
    if member is None or member.group_id != group_id:
        raise NotFound()
    account = db.get(Account, member.account_id) if member.account_id else None
    if changes.must_be_signed(db, found.organization_id):
        gone = MemberForm(position=member.position)
        changes.ask_about_group(db, actor, "leave_group", found, gone, account=account)
        return _waits(request, found)
    undo = Undo("accounts:restore_member", {"group_id": group_id}, state=held_by(member))
    group_service.leave(db, found, account, member.position, by=actor)
    return redirect(request, _url(request, found), _("Taken out of the group"), undo=undo)


@router.post("/groups/{group_id}/members/restore", name="accounts:restore_member")
def restore_member(request: Request, group_id: int, actor: GroupManager, db: Db, posted: PostedForm) -> Response:
    """Take back that somebody was taken out."""
    found = _found(db, actor, group_id)
    changes.refuse_unsigned(db, found.organization_id)
    group_service.restore_member(db, found, state_of(request, posted), by=actor)
    return redirect(request, _url(request, found), _("Taken into the group"))


@router.post("/groups/{group_id}/roles", name="accounts:give_group_role")
def give_role(request: Request, group_id: int, actor: GroupManager, db: Db, posted: PostedForm) -> Response:
    found = _found(db, actor, group_id)
    form = posted.check(GroupRoleForm)
    if form.value is not None:
        asked = form.value
        try:
            group_service.refuse_beyond(db, found, asked.role, asked.node, asked.level, at_workplace=asked.at_workplace)
            if changes.must_be_signed(db, asked.node or found.organization_id):
                changes.ask_about_group(db, actor, "give_group_role", found, asked)
                return _waits(request, found)
            group_service.give_role(
                db,
                found,
                asked.role,
                asked.node,
                asked.level,
                at_workplace=asked.at_workplace,
                by=actor,
                request=asked.request,
            )
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, _url(request, found), _("The role is given"))
    return _page(request, actor, db, found, role=form)


@router.post("/groups/{group_id}/roles/{assignment_id}/take", name="accounts:take_group_role")
def take_role(request: Request, group_id: int, assignment_id: int, actor: GroupManager, db: Db) -> Response:
    found = _found(db, actor, group_id)
    assignment = db.get(RoleAssignment, assignment_id)
    if assignment is None or assignment.group_id != group_id:
        raise NotFound()
    place = "workplace" if assignment.at_workplace else str(assignment.organization_id or 0)
    if changes.must_be_signed(db, assignment.organization_id or found.organization_id):
        taken = GroupRoleForm.model_validate({"role": assignment.role, "place": place, "level": assignment.level})
        changes.ask_about_group(db, actor, "take_group_role", found, taken)
        return _waits(request, found)
    undo = Undo("accounts:restore_group_role", {"group_id": group_id}, state=held_by(assignment))
    group_service.take_role(db, found, assignment, by=actor)
    return redirect(request, _url(request, found), _("The role is taken away"), undo=undo)


@router.post("/groups/{group_id}/roles/restore", name="accounts:restore_group_role")
def restore_role(request: Request, group_id: int, actor: GroupManager, db: Db, posted: PostedForm) -> Response:
    """Take back that a role was taken from the group."""
    found = _found(db, actor, group_id)
    state = state_of(request, posted)
    changes.refuse_unsigned(db, state["before"]["organization_id"] or found.organization_id)
    group_service.restore_role(db, found, state, by=actor)
    return redirect(request, _url(request, found), _("The role is given"))


def _found(db: Session, actor: Actor, group_id: int) -> AccessGroup:
    return group_queries.group_or_404(db, actor.scope(MANAGE), group_id)


def _member_account(db: Session, actor: Actor, form: MemberForm) -> Account | None:
    """The user who joins, one of the administrator's own; None where a position joins."""
    if (form.login is None) == (form.position is None):
        raise Invalid(_("Name a user or a position, one of both"), field="login")
    if form.login is None:
        return None
    wanted = queries.accounts_in(actor.scope(MANAGE)).where(Account.login == form.login.strip().lower())
    account = db.scalars(wanted).one_or_none()
    if account is None:
        raise Invalid(_("There is no such user"), field="login")
    return account


def _url(request: Request, group: AccessGroup) -> str:
    return str(request.app.url_path_for("accounts:group", group_id=group.id))


def _waits(request: Request, group: AccessGroup) -> Response:
    told = _("Takes effect when the responsible employee signs it")
    return redirect(request, _url(request, group), told, "warning")


def _choices(db: Session, actor: Actor) -> list[tuple[int, str]]:
    scope = actor.scope(MANAGE)
    listed = [(0, _("whole installation"))] if scope.everywhere else []
    nodes = queries.organization_choices(db, scope)
    return listed + [(node.id, "\N{EM DASH} " * depth + local_name(node)) for node, depth in nodes]


def _new_page(request: Request, actor: Actor, db: Session, form: Form[GroupForm]) -> Response:
    status = 422 if form.errors else 200
    return page(request, "accounts/new_group.html", form=form, places=_choices(db, actor), status_code=status)


def _page(
    request: Request,
    actor: Actor,
    db: Session,
    found: AccessGroup,
    *,
    names: Form[Any] | None = None,
    member: Form[Any] | None = None,
    role: Form[Any] | None = None,
) -> Response:
    nodes = queries.organization_choices(db, group_queries.place_scope(db, found))
    places = [("workplace", _("where each member works"))]
    places += [("0", _("whole installation"))] if found.organization_id is None else []
    places += [(str(node.id), "\N{EM DASH} " * depth + local_name(node)) for node, depth in nodes]
    sent = names or member or role
    return page(
        request,
        "accounts/group.html",
        group=found,
        place=db.get(Organization, found.organization_id) if found.organization_id else None,
        members=group_queries.members(db, found),
        held=group_queries.roles_of(db, found),
        holders=group_queries.holders(db, found),
        pending=changes.pending_of(db, group=found),
        change_text=changes.text_of,
        roles=queries.role_titles(db),
        positions={code: _(title) for code, title in POSITIONS.items()},
        levels={code: _(title) for code, title in LEVELS.items()},
        places=places,
        names=names or blank({name: getattr(found, name) for name in ("name_kk", "name_ru", "name_en")}),
        member_form=member or blank(),
        role_form=role or blank(),
        status_code=422 if sent is not None and sent.errors else 200,
    )
