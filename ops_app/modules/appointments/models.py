"""Tables of schema ``appointments``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Fact, fact_constraints, one_of
from ops_app.kit.privacy import PLAIN, Subject, exported


class Appointment(Fact, Base):
    """A booking. ``event_at`` is when it was made, ``start_at`` when the visit is due."""

    __tablename__ = "appointment"

    start_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    end_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'booked'"), info=PLAIN)
    cancel_reason: Mapped[str | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("status", ("booked", "arrived", "fulfilled", "cancelled", "noshow")),
        CheckConstraint("end_at > start_at", name="ends_after_start"),
        Index("ix_appointment_organization_start", "organization_id", "start_at"),
        *fact_constraints("appointment"),
        {"schema": "appointments", "info": exported(Subject.EVENT)},
    )
