"""Every SELECT about notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from ops_app.mechanisms.notifications.models import MutedKind, Notification, Preference
from ops_app.modules.accounts.held_role import HELD_ROLE
from ops_app.modules.accounts.models import Account, StoredRole
from ops_app.modules.organizations.queries import path
from ops_app.permissions import Permission


def own(account_id: int) -> Select[Notification]:
    """Notices of one person."""
    return select(Notification).where(Notification.account_id == account_id)


def unread(session: Session, account_id: int) -> int:
    """How many notices one person has not opened."""
    return (
        session.scalar(
            select(func.count()).where(Notification.account_id == account_id, Notification.read_at.is_(None))
        )
        or 0
    )


def notification(session: Session, account_id: int, notification_id: int) -> Notification | None:
    """One notice, if it is this person's."""
    return session.scalar(own(account_id).where(Notification.id == notification_id))


def read_together(session: Session, account_id: int, read_at: dt.datetime) -> Sequence[Notification]:
    """Notices one person has read at one moment."""
    return session.scalars(own(account_id).where(Notification.read_at == read_at)).all()


def preference(session: Session, account_id: int, channel: str) -> Preference | None:
    """What one person said about a channel."""
    return session.get(Preference, (account_id, channel))


def muted(session: Session, account_id: int) -> set[str]:
    """Kinds one person wants to see in the app only."""
    return set(session.scalars(select(MutedKind.kind).where(MutedKind.account_id == account_id)))


def holders(session: Session, permission: Permission, organization_id: int | None) -> list[int]:
    """Accounts that hold a permission over a node, through whatever role; without a node, over all of them."""
    line = path(session, organization_id) if organization_id is not None else []
    own = next((number for number, node in reversed(list(enumerate(line))) if node.kind == "organization"), 0)
    held = HELD_ROLE.c
    over = or_(
        held.organization_id.is_(None),
        (held.reach == "subordinate") & held.organization_id.in_([node.id for node in line]),
        (held.reach == "organization") & held.organization_id.in_([node.id for node in line[own:]]),
        held.organization_id.in_([node.id for node in line[-1:]]),
    )
    return list(
        session.scalars(
            select(Account.id)
            .join(HELD_ROLE, held.account_id == Account.id)
            .join(StoredRole, StoredRole.code == held.role)
            .where(Account.is_active, StoredRole.permissions.contains([str(permission)]), over)
            .distinct()
        )
    )
