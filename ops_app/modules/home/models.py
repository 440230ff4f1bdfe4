"""The table of schema ``home``: who has put which news away."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base
from ops_app.kit.privacy import PLAIN, Subject, exported


class DismissedRelease(Base):
    """A release whose notes somebody has read and put away."""

    __tablename__ = "dismissed_release"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.account.id"), primary_key=True, autoincrement=False, info=PLAIN
    )
    version: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)
    dismissed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = ({"schema": "home", "info": exported(Subject.WITHHELD)},)
