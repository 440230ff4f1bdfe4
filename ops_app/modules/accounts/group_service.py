"""Writing groups: a named set of users or positions of a place, the roles it carries, who belongs to it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.mechanisms.undo import State, bring_back
from ops_app.modules.accounts import group_queries
from ops_app.modules.accounts.forms import GroupForm, GroupNames
from ops_app.modules.accounts.models import AccessGroup, Account, GroupMember, RoleAssignment, StoredRole
from ops_app.modules.organizations.models import Organization

LOWEST_PLACE = {"organization": ("organization", "region"), "region": ("region",)}
"""Kinds of places whose groups may reach so far without leaving the place."""


def create_group(session: Session, form: GroupForm, *, by: Actor) -> AccessGroup:
    """Make a group; it gives nothing until it has members and roles."""
    group = AccessGroup(organization_id=form.node, name_kk=form.name_kk, name_ru=form.name_ru, name_en=form.name_en)
    session.add(group)
    session.flush()
    _log(session, by, group, after=audit.snapshot(group))
    return group


def rename_group(session: Session, group: AccessGroup, form: GroupNames, *, by: Actor) -> None:
    """Change the names of a group; its place stays, because its roles were judged by it."""
    before = audit.snapshot(group)
    group.name_kk, group.name_ru, group.name_en = form.name_kk, form.name_ru, form.name_en
    session.flush()
    _log(session, by, group, before=before, after=audit.snapshot(group))


def remove_group(session: Session, group: AccessGroup, *, by: Actor) -> None:
    """Remove a group that carries no role, with its members."""
    if group_queries.roles_of(session, group):
        raise Conflict(
            _("The group carries roles"), advice=_("Take the roles from it first, so that each stands in the journal.")
        )
    if group_queries.has_history(session, group):
        raise Conflict(
            _("Signed changes name this group, so it stays"), advice=_("Without roles it gives nothing to anybody.")
        )
    for row in group_queries.members(session, group):
        session.delete(row.GroupMember)
    session.flush()
    _log(session, by, group, before=audit.snapshot(group), after={"id": None})
    session.delete(group)
    session.flush()


def join(
    session: Session,
    group: AccessGroup,
    account: Account | None,
    position: str | None,
    *,
    by: Actor,
    request: Mapping[str, object] | None = None,
) -> GroupMember:
    """Take a user, or whoever holds a position, into a group."""
    if _member(session, group, account, position) is not None:
        raise Conflict(_("Belongs to the group already"), field="position" if account is None else "login")
    member = GroupMember(group_id=group.id, account_id=account.id if account else None, position=position)
    session.add(member)
    session.flush()
    told = {"login": account.login if account else None, "position": position} | dict(request or {})
    _log(session, by, group, after=told, entity="accounts.group_member", number=member.id)
    return member


def leave(session: Session, group: AccessGroup, account: Account | None, position: str | None, *, by: Actor) -> None:
    """Take somebody out of a group; its roles end with the next request."""
    member = _member(session, group, account, position)
    if member is None:
        raise Conflict(_("Belongs to the group no longer"))
    told = {"login": account.login if account else None, "position": position}
    gone = dict.fromkeys(told)
    _log(session, by, group, before=told, after=gone, entity="accounts.group_member", number=member.id)
    session.delete(member)
    session.flush()


def restore_member(session: Session, group: AccessGroup, state: State, *, by: Actor) -> None:
    """Take whoever was just taken out of a group into it again."""
    member = bring_back(session, GroupMember, state)
    account = session.get(Account, member.account_id) if member.account_id else None
    told = {"login": account.login if account else None, "position": member.position}
    _log(session, by, group, after=told, entity="accounts.group_member", number=member.id)


def refuse_beyond(
    session: Session, group: AccessGroup, role: str, node: int | None, level: str, *, at_workplace: bool
) -> None:
    """Refuse a role that would reach outside the group's place, or that is not there."""
    if session.get(StoredRole, role) is None:
        raise Invalid(_("There is no such role"), field="role")
    if node is None and not at_workplace and level != "subordinate":
        raise Invalid(_("The whole installation has no narrower level"), field="level")
    place = session.get(Organization, group.organization_id) if group.organization_id else None
    if at_workplace:
        outside = place is not None and place.kind not in LOWEST_PLACE.get(level, (place.kind,))
    else:
        start = group_queries.start_of(session, node, level)
        outside = not group_queries.lies_in(session, start, group.organization_id)
    if outside:
        raise Invalid(_("A group gives nothing outside its own place"), field="level")


def give_role(
    session: Session,
    group: AccessGroup,
    role: str,
    node: int | None,
    level: str,
    *,
    at_workplace: bool,
    by: Actor,
    request: Mapping[str, object] | None = None,
) -> RoleAssignment:
    """Give a group a role, at a node or wherever each member works."""
    refuse_beyond(session, group, role, node, level, at_workplace=at_workplace)
    if carried(session, group, role, node, at_workplace=at_workplace) is not None:
        raise Conflict(_("The group has this role there already"), field="role")
    assignment = RoleAssignment(
        group_id=group.id, role=role, organization_id=node, level=level, at_workplace=at_workplace
    )
    session.add(assignment)
    session.flush()
    told = _told(assignment) | dict(request or {})
    _log(session, by, group, after=told, entity="accounts.role_assignment", number=assignment.id)
    return assignment


def take_role(session: Session, group: AccessGroup, assignment: RoleAssignment, *, by: Actor) -> None:
    """Take a role from a group; it ends with the next request of each member."""
    before = _told(assignment)
    gone = dict.fromkeys(before)
    _log(session, by, group, before=before, after=gone, entity="accounts.role_assignment", number=assignment.id)
    session.delete(assignment)
    session.flush()


def restore_role(session: Session, group: AccessGroup, state: State, *, by: Actor) -> None:
    """Give a group the role back that was just taken from it."""
    assignment = bring_back(session, RoleAssignment, state)
    refuse_beyond(
        session,
        group,
        assignment.role,
        assignment.organization_id,
        assignment.level,
        at_workplace=assignment.at_workplace,
    )
    _log(session, by, group, after=_told(assignment), entity="accounts.role_assignment", number=assignment.id)


def carried(
    session: Session, group: AccessGroup, role: str, node: int | None, *, at_workplace: bool
) -> RoleAssignment | None:
    """The role a group carries at a node, or at the places of work."""
    return session.scalar(
        select(RoleAssignment).where(
            RoleAssignment.group_id == group.id,
            RoleAssignment.role == role,
            RoleAssignment.organization_id.is_not_distinct_from(node),
            RoleAssignment.at_workplace.is_(at_workplace),
        )
    )


def _member(session: Session, group: AccessGroup, account: Account | None, position: str | None) -> GroupMember | None:
    return session.scalar(
        select(GroupMember).where(
            GroupMember.group_id == group.id,
            GroupMember.account_id.is_not_distinct_from(account.id if account else None),
            GroupMember.position.is_not_distinct_from(position),
        )
    )


def _told(assignment: RoleAssignment) -> dict[str, object]:
    return {
        "role": assignment.role,
        "organization_id": assignment.organization_id,
        "at_workplace": assignment.at_workplace,
        "level": assignment.level,
    }


def _log(
    session: Session,
    by: Actor,
    group: AccessGroup,
    *,
    after: Mapping[str, object],
    before: Mapping[str, object] | None = None,
    entity: str = "accounts.access_group",
    number: int | None = None,
) -> None:
    named = {"group": group.name_kk, "group_id": group.id}
    audit.changed(
        session,
        by,
        entity=entity,
        entity_id=number or group.id,
        before=before,
        after=named | dict(after),
    )
