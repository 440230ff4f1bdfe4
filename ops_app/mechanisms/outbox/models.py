"""Tables of schema ``exchange``: what goes out, what came in, what both sides hold. None passes the gate."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Date, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

_TABLE = {"schema": "exchange", "info": exported(Subject.WITHHELD)}

STATES = ("queued", "delivered", "dead", "withdrawn")
RESULTS = ("delivered", "known", "retry", "refused", "not_ready")
SIDES = ("ours", "theirs", "network")
OUTCOMES = ("accepted", "refused")
DIFFERENCES = ("missing_there", "unknown_here", "other_content")


class SystemState(Base):
    """Whether messages go to a system; a declared system without a row is switched off."""

    __tablename__ = "system_state"

    name: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)
    is_on: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """The administrator's switch."""
    is_ready: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """What was last seen: whether the system takes messages."""
    reason: Mapped[str | None] = mapped_column(info=PLAIN)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (_TABLE,)


class Message(Base):
    """A message to a system, written in the transaction of the fact it tells of."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    system: Mapped[str] = mapped_column(info=PLAIN)
    kind: Mapped[str] = mapped_column(info=SENSITIVE)
    message_key: Mapped[str] = mapped_column(info=DIRECT)
    lane: Mapped[str] = mapped_column(info=DIRECT)
    """Messages of one lane arrive in the order they were written."""
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=DIRECT)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    sha256: Mapped[str] = mapped_column(info=DIRECT)
    state: Mapped[str] = mapped_column(server_default=text("'queued'"), info=PLAIN)
    attempts: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    next_attempt_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    delivered_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    reference: Mapped[str | None] = mapped_column(info=DIRECT)
    """The receiver's number of it."""
    outcome: Mapped[str | None] = mapped_column(info=PLAIN)
    """What the receiver said after it had read it."""
    outcome_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("state", STATES),
        one_of("outcome", OUTCOMES),
        Index("uq_message_key", "system", "message_key", unique=True),
        Index("ix_message_lane", "system", "lane", "id", postgresql_where=text("state in ('queued', 'dead')")),
        Index("ix_message_created", "created_at"),
        Index("ix_message_patient", "patient_id"),
        _TABLE,
    )


class Attempt(Base):
    """One exchange: when, which way, what came of it and whose error it was."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    message_id: Mapped[int] = mapped_column(ForeignKey("exchange.message.id"), info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("clock_timestamp()"), info=PLAIN)
    milliseconds: Mapped[int] = mapped_column(info=PLAIN)
    result: Mapped[str] = mapped_column(info=PLAIN)
    side: Mapped[str | None] = mapped_column(info=PLAIN)
    status: Mapped[str | None] = mapped_column(info=PLAIN)
    detail: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """The receiver's words; shown with the contents only."""

    __table_args__ = (
        one_of("result", RESULTS),
        one_of("side", SIDES),
        Index("ix_attempt_message", "message_id"),
        _TABLE,
    )


class Correction(Base):
    """What a person did to a message that did not arrive, and why."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    message_id: Mapped[int] = mapped_column(ForeignKey("exchange.message.id"), info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    by: Mapped[str] = mapped_column(info=DIRECT)
    action: Mapped[str] = mapped_column(info=PLAIN)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    body_before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=FREE_TEXT)

    __table_args__ = (
        one_of("action", ("resent", "corrected", "withdrawn")),
        Index("ix_correction_message", "message_id"),
        _TABLE,
    )


class Received(Base):
    """A message of another system; its key makes a repeated one harmless."""

    __tablename__ = "received"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    system: Mapped[str] = mapped_column(info=PLAIN)
    message_key: Mapped[str] = mapped_column(info=DIRECT)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    sha256: Mapped[str] = mapped_column(info=DIRECT)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (Index("uq_received_key", "system", "message_key", unique=True), _TABLE)


class Reconciliation(Base):
    """A comparison of what both sides hold of one day."""

    __tablename__ = "reconciliation"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    system: Mapped[str] = mapped_column(info=PLAIN)
    day: Mapped[dt.date] = mapped_column(Date, info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    count_here: Mapped[int] = mapped_column(info=PLAIN)
    count_there: Mapped[int] = mapped_column(info=PLAIN)
    hash_here: Mapped[str] = mapped_column(info=PLAIN)
    hash_there: Mapped[str] = mapped_column(info=PLAIN)

    __table_args__ = (Index("ix_reconciliation_day", "system", "day", "id"), _TABLE)


class Difference(Base):
    """A message the two sides do not agree about."""

    __tablename__ = "difference"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("exchange.reconciliation.id"), info=PLAIN)
    message_key: Mapped[str] = mapped_column(info=DIRECT)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("exchange.message.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("kind", DIFFERENCES),
        Index("ix_difference_reconciliation", "reconciliation_id"),
        _TABLE,
    )
