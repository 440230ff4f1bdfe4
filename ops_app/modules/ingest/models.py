"""Tables of schema ``ingest``: what devices and other systems sent. None passes the gate."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Subject, exported

_TABLE = {"schema": "ingest", "info": exported(Subject.WITHHELD)}

CHANNELS = ("hl7", "astm", "file", "fhir", "dicom")
STATES = ("received", "done", "failed", "archived")
"""Waits to be interpreted; became records; needs a person; kept, and nothing more is asked of it."""


class InboundMessage(Base):
    """One message as it came, byte for byte, and what became of it."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    channel: Mapped[str] = mapped_column(info=PLAIN)
    sender: Mapped[str] = mapped_column(info=PLAIN)
    facility: Mapped[str] = mapped_column(server_default=text("''"), info=PLAIN)
    control_id: Mapped[str | None] = mapped_column(info=DIRECT)
    message_type: Mapped[str | None] = mapped_column(info=PLAIN)
    received_at: Mapped[dt.datetime] = mapped_column(server_default=text("clock_timestamp()"), info=PLAIN)
    peer: Mapped[str | None] = mapped_column(info=DIRECT)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    raw: Mapped[bytes] = mapped_column(LargeBinary, info=FREE_TEXT)
    charset: Mapped[str | None] = mapped_column(info=PLAIN)
    lane: Mapped[str] = mapped_column(info=DIRECT)
    """Messages of one lane are interpreted in the order they came."""
    state: Mapped[str] = mapped_column(server_default=text("'received'"), info=PLAIN)
    answer: Mapped[str | None] = mapped_column(info=PLAIN)
    """What the sender was told: AA, AE, AR, CA, …"""
    attempts: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), info=FREE_TEXT)
    outcome: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True), info=DIRECT)
    processed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=DIRECT)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("ingest.message.id"), info=PLAIN)
    """The message this one replaces."""
    corrected_by: Mapped[str | None] = mapped_column(info=DIRECT)
    correction_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("channel", CHANNELS),
        one_of("state", STATES),
        # a sender that counts from one again after a restart sends other content under an old number
        Index("uq_message_sent", "channel", "sender", "facility", "control_id", "sha256", unique=True),
        Index("ix_message_waiting", "lane", "id", postgresql_where=text("state = 'received'")),
        Index("ix_message_failed", "id", postgresql_where=text("state = 'failed'")),
        Index("ix_message_received_at", "received_at"),
        Index("ix_message_patient_id", "patient_id"),
        Index("ix_message_corrects_id", "corrects_id", postgresql_where=text("corrects_id is not null")),
        _TABLE,
    )


class PersonIdentifier(Base):
    """Under which number a sender knows a person; two senders may use the same number."""

    __tablename__ = "person_identifier"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    authority: Mapped[str] = mapped_column(info=PLAIN)
    value: Mapped[str] = mapped_column(info=DIRECT)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("ingest.message.id"), info=PLAIN)
    """The message that said so."""
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        Index("uq_person_identifier", "authority", "value", unique=True),
        Index("ix_person_identifier_patient_id", "patient_id"),
        _TABLE,
    )
