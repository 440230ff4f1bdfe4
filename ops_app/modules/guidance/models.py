"""Tables of schema ``guidance``; none of them is about a person."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported

_TABLE = {"schema": "guidance", "info": exported(Subject.WITHHELD)}


class Protocol(Row, Base):
    """A protocol of diagnostics and treatment in one of its versions, kept as its owner's file or address."""

    __tablename__ = "protocol"

    code: Mapped[str] = mapped_column(info=PLAIN)
    version: Mapped[str] = mapped_column(info=PLAIN)
    title_kk: Mapped[str] = mapped_column(info=PLAIN)
    title_ru: Mapped[str] = mapped_column(info=PLAIN)
    icd10: Mapped[list[str]] = mapped_column(JSONB, info=PLAIN)
    """Beginnings of codes: ``I10`` also means ``I10.1``."""
    approved_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    source: Mapped[str] = mapped_column(info=PLAIN)
    url: Mapped[str | None] = mapped_column(info=PLAIN)
    file_name: Mapped[str | None] = mapped_column(info=PLAIN)
    sha256: Mapped[str | None] = mapped_column(info=PLAIN)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, info=PLAIN)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    replaced_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    """When a newer version came, or it was withdrawn."""

    __table_args__ = (
        CheckConstraint("url is not null or content is not null", name="readable"),
        CheckConstraint("(content is null) = (sha256 is null)", name="hashed"),
        Index("uq_protocol_version", "code", "version", unique=True),
        _TABLE,
    )


class ServiceRule(Row, Base):
    """What an order demands before a service is rendered, from a day on."""

    __tablename__ = "service_rule"

    service_code: Mapped[str] = mapped_column(info=PLAIN)
    hint_kk: Mapped[str] = mapped_column(info=PLAIN)
    hint_ru: Mapped[str] = mapped_column(info=PLAIN)
    source: Mapped[str] = mapped_column(info=PLAIN)
    needs_referral: Mapped[bool] = mapped_column(info=PLAIN)
    interval_days: Mapped[int | None] = mapped_column(info=PLAIN)
    """Not again before so many days have passed."""
    icd10: Mapped[list[str]] = mapped_column(JSONB, info=PLAIN)
    """Only with a diagnosis that begins so; empty: with any."""
    effective_from: Mapped[dt.date] = mapped_column(info=PLAIN)
    effective_to: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        CheckConstraint("interval_days between 1 and 3660", name="interval_of_days"),
        CheckConstraint("effective_to > effective_from", name="ends_after_it_begins"),
        Index("ix_service_rule_service", "service_code", "effective_from"),
        _TABLE,
    )
