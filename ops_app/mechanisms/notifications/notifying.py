"""Writing notices and sending them through the channels their readers chose."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine, exists, select
from sqlalchemy.orm import Session

from ops_app.i18n import N_, translations
from ops_app.kit import clock
from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.notifications.channels import CHANNELS, Letter
from ops_app.mechanisms.notifications.models import Delivery, MutedKind, Notification, Preference
from ops_app.mechanisms.notifications.notice import Notice

SEND = "notifications:send"
SUBJECT = N_("Saulyq: a new notice for you")
BODY = N_("%(title)s\n\nOpen it in Saulyq: %(link)s\n\nYou chose these letters yourself. To stop them: %(settings)s")


def notify(session: Session, notice: Notice, account_ids: Iterable[int], target: str) -> list[int]:
    """Tell these accounts, in this transaction; whoever has an unread notice of the kind and page gets no second."""
    written = []
    for account_id in sorted(set(account_ids)):
        same = exists().where(
            Notification.account_id == account_id,
            Notification.kind == notice.kind,
            Notification.target == target,
            Notification.read_at.is_(None),
        )
        if session.scalar(select(same)):
            continue
        made = Notification(account_id=account_id, kind=notice.kind, title=notice.title, target=target)
        session.add(made)
        session.flush()
        written.append(made.id)
        for channel in _channels(session, account_id, notice.kind):
            delivery = Delivery(notification_id=made.id, channel=channel)
            session.add(delivery)
            session.flush()
            queue.enqueue(session, SEND, delivery_id=delivery.id)
    return written


def _channels(session: Session, account_id: int, kind: str) -> list[str]:
    muted = exists().where(MutedKind.account_id == account_id, MutedKind.kind == kind)
    return list(
        session.scalars(select(Preference.channel).where(Preference.account_id == account_id, Preference.is_on, ~muted))
    )


def send(engine: Engine, delivery_id: int, language: str, page: str, settings_page: str) -> None:
    """Send one notice through its channel, unless it was read or the channel switched off meanwhile."""
    with Session(engine) as session:
        delivery = session.get_one(Delivery, delivery_id)
        notification = session.get_one(Notification, delivery.notification_id)
        wanted = session.get(Preference, (notification.account_id, delivery.channel))
        if delivery.state != "queued":
            return
    channel = CHANNELS[delivery.channel]()
    if notification.read_at is not None or wanted is None or not wanted.is_on or not channel.configured():
        _note(engine, delivery_id, "skipped")
        return
    words = translations(language)
    text = words.gettext(BODY) % {
        "title": words.gettext(notification.title),
        "link": page,
        "settings": settings_page,
    }
    channel.send(Letter(delivery_id, wanted.address, words.gettext(SUBJECT), text))
    _note(engine, delivery_id, "sent")


def _note(engine: Engine, delivery_id: int, state: str) -> None:
    with Session(engine) as session, session.begin():
        delivery = session.get_one(Delivery, delivery_id)
        delivery.state, delivery.changed_at = state, clock.now()
