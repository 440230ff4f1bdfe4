"""Tables of schema ``notifications``; none passes the gate."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported

_TABLE = {"schema": "notifications", "info": exported(Subject.WITHHELD)}

STATES = ("queued", "sent", "skipped", "failed")


class Notification(Base):
    """Something that waits for one person."""

    __tablename__ = "notification"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=DIRECT)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    title: Mapped[str] = mapped_column(info=PLAIN)
    """The English text as declared; shown in the reader's language."""
    target: Mapped[str] = mapped_column(info=DIRECT)
    """The page of this app where it is dealt with; it may name a record, so it never leaves in a message."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    read_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        Index("ix_notification_account", "account_id", "id"),
        Index("ix_notification_unread", "account_id", postgresql_where=text("read_at is null")),
        _TABLE,
    )


class Preference(Base):
    """A channel one person wants, with the address there."""

    __tablename__ = "preference"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), primary_key=True, info=DIRECT)
    channel: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)
    address: Mapped[str] = mapped_column(info=DIRECT)
    is_on: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)

    __table_args__ = (_TABLE,)


class MutedKind(Base):
    """A kind of notice one person wants to see in the app only."""

    __tablename__ = "muted_kind"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), primary_key=True, info=DIRECT)
    kind: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)

    __table_args__ = (_TABLE,)


class Delivery(Base):
    """A notice on its way through one channel."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.notification.id"), info=PLAIN)
    channel: Mapped[str] = mapped_column(info=PLAIN)
    state: Mapped[str] = mapped_column(server_default=text("'queued'"), info=PLAIN)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("state", STATES),
        Index("uq_delivery", "notification_id", "channel", unique=True),
        _TABLE,
    )
