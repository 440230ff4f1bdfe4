"""Every write about notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.mechanisms.notifications.models import MutedKind, Notification, Preference
from ops_app.mechanisms.notifications.notice import Notice
from ops_app.mechanisms.notifications.notifying import notify
from ops_app.modules.notifications import queries
from ops_app.modules.notifications.forms import SettingsForm
from ops_app.permissions import Permission


def tell_holders(
    session: Session, notice: Notice, permission: Permission, organization_id: int | None, target: str
) -> None:
    """Tell everybody who may deal with it."""
    notify(session, notice, queries.holders(session, permission, organization_id), target)


def mark_read(notification: Notification) -> None:
    """The person has opened it."""
    if notification.read_at is None:
        notification.read_at = clock.now()


def mark_all_read(session: Session, actor: Actor) -> dt.datetime:
    """The person wants an empty bell; the moment by which these notices are known."""
    read_at = clock.now()
    session.execute(
        update(Notification)
        .where(Notification.account_id == actor.account_id, Notification.read_at.is_(None))
        .values(read_at=read_at)
    )
    return read_at


def mark_unread(session: Session, actor: Actor, notices: Iterable[Notification]) -> None:
    """Let read notices wait again."""
    for notice in notices:
        before, notice.read_at = notice.read_at, None
        audit.changed(
            session,
            actor,
            entity="notifications.notification",
            entity_id=notice.id,
            before={"read_at": before},
            after={"read_at": None},
        )


def save_settings(session: Session, actor: Actor, form: SettingsForm, known_kinds: Iterable[str]) -> None:
    """Keep what the person wants by e-mail."""
    before = queries.preference(session, actor.account_id, "email")
    old = {"by_email": bool(before and before.is_on), "address": before.address if before else None}
    address = form.address or (before.address if before else None)
    if address is not None:
        session.merge(Preference(account_id=actor.account_id, channel="email", address=address, is_on=form.by_email))
    session.execute(delete(MutedKind).where(MutedKind.account_id == actor.account_id))
    for kind in sorted(set(known_kinds) - set(form.kinds)):
        session.add(MutedKind(account_id=actor.account_id, kind=kind))
    audit.changed(
        session,
        actor,
        entity="notifications.preference",
        entity_id=actor.account_id,
        before=old,
        after={"by_email": form.by_email, "address": address},
    )
