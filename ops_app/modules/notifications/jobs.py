"""What the worker does for this module."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops_app.mechanisms.notifications import notifying
from ops_app.mechanisms.notifications.models import Delivery, Notification
from ops_app.modules.accounts.models import Account
from saulyq.settings import settings


def send(engine: Engine, delivery_id: int) -> None:
    """Send one notice in its reader's language; the link says nothing but its number."""
    with Session(engine) as session:
        number, language = session.execute(
            select(Notification.id, Account.language)
            .join(Account, Account.id == Notification.account_id)
            .join(Delivery, Delivery.notification_id == Notification.id)
            .where(Delivery.id == delivery_id)
        ).one()
    app = settings().page_url(settings().ops_port)
    notifying.send(engine, delivery_id, language, f"{app}/notifications/{number}/open", f"{app}/notifications/settings")
