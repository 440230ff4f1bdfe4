"""Every SELECT about groups, and where a role starts when its level is taken into account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.accounts.held_role import HELD_ROLE
from ops_app.modules.accounts.models import AccessGroup, Account, AccountChange, GroupMember, RoleAssignment
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import descendant_ids, path


def groups(session: Session, scope: Scope) -> Sequence[Row[AccessGroup, Organization, int, int]]:
    """Groups of a scope with the place of each, and how many members and roles it has."""
    members = select(func.count()).where(GroupMember.group_id == AccessGroup.id).scalar_subquery()
    roles = select(func.count()).where(RoleAssignment.group_id == AccessGroup.id).scalar_subquery()
    statement = (
        select(AccessGroup, Organization, members.label("members"), roles.label("roles"))
        .outerjoin(Organization, Organization.id == AccessGroup.organization_id)
        .order_by(AccessGroup.name_kk, AccessGroup.id)
    )
    if not scope.everywhere:
        statement = statement.where(scope.condition(AccessGroup.organization_id))
    return session.execute(statement).all()


def group_or_404(session: Session, scope: Scope, group_id: int) -> AccessGroup:
    """A group, if it lies inside the scope."""
    found = session.get(AccessGroup, group_id)
    if found is None or not scope.allows(found.organization_id):
        raise NotFound(_("There is no such group"))
    return found


def members(session: Session, group: AccessGroup) -> Sequence[Row[GroupMember, Account]]:
    """Members of a group: positions first, then users by name."""
    return session.execute(
        select(GroupMember, Account)
        .outerjoin(Account, Account.id == GroupMember.account_id)
        .where(GroupMember.group_id == group.id)
        .order_by(GroupMember.position.nulls_last(), Account.display_name, GroupMember.id)
    ).all()


def roles_of(session: Session, group: AccessGroup) -> Sequence[Row[RoleAssignment, Organization]]:
    """Roles a group carries, with the node of each."""
    return session.execute(
        select(RoleAssignment, Organization)
        .outerjoin(Organization, Organization.id == RoleAssignment.organization_id)
        .where(RoleAssignment.group_id == group.id)
        .order_by(RoleAssignment.role, RoleAssignment.id)
    ).all()


def holders(session: Session, group: AccessGroup) -> Sequence[Account]:
    """Who holds a role through the group today, by name."""
    through = select(HELD_ROLE.c.account_id).where(HELD_ROLE.c.group_id == group.id)
    return session.scalars(
        select(Account).where(Account.id.in_(through), Account.is_active).order_by(Account.display_name, Account.id)
    ).all()


def through_groups(
    session: Session, account_ids: Sequence[int]
) -> dict[int, list[Row[int, str, str, AccessGroup, Organization]]]:
    """Roles that several accounts hold through groups, with the node each starts from."""
    held = HELD_ROLE.c
    rows = session.execute(
        select(held.account_id, held.role, held.reach, AccessGroup, Organization)
        .join(AccessGroup, AccessGroup.id == held.group_id)
        .outerjoin(Organization, Organization.id == held.organization_id)
        .where(held.account_id.in_(account_ids))
        .order_by(held.role, AccessGroup.id, Organization.sort_key)
        .distinct()
    )
    found: dict[int, list[Row[int, str, str, AccessGroup, Organization]]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found


def has_history(session: Session, group: AccessGroup) -> bool:
    """Whether changes that wait or were decided name the group."""
    return session.scalar(select(AccountChange.id).where(AccountChange.group_id == group.id).limit(1)) is not None


def start_of(session: Session, node: int | None, level: str) -> int | None:
    """The node a role given at a node starts from: its organisation or region where the level says so."""
    if node is None:
        return None
    line = path(session, node)
    if level == "region":
        return line[0].id
    if level == "organization":
        return next((each.id for each in reversed(line) if each.kind in ("organization", "region")), node)
    return node


def lies_in(session: Session, node: int | None, place: int | None) -> bool:
    """Whether a node is a place or lies below it; everything lies in the whole installation."""
    return place is None or (node is not None and place in {each.id for each in path(session, node)})


def place_scope(session: Session, group: AccessGroup) -> Scope:
    """The nodes a group may give roles at."""
    if group.organization_id is None:
        return Scope(everywhere=True)
    return Scope(False, frozenset(descendant_ids(session, [group.organization_id])))
