"""Tables of schemas ``inbox`` and ``worklist``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of, watermark_index
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

DECISIONS = ("accepted", "explain", "visit_ordered", "expert_review", "false_alarm", "fix_at_source", "handled")
OPENING_REASONS = ("list_review", "overdue", "complaint", "expert_review", "other")


class Signal(Base):
    """One version of a signal case, written by the egress role; the newest ``id`` of a case wins."""

    __tablename__ = "signal"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    case_id: Mapped[str] = mapped_column(info=PLAIN)
    signal_code: Mapped[str] = mapped_column(info=PLAIN)
    rule_version: Mapped[str] = mapped_column(info=PLAIN)
    patient_key: Mapped[str] = mapped_column(info=PLAIN)
    region_id: Mapped[int | None] = mapped_column(info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(info=PLAIN)
    event_key: Mapped[str] = mapped_column(info=PLAIN)
    event_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    known_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    detected_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    next_step: Mapped[str | None] = mapped_column(info=PLAIN)
    due_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    severity: Mapped[str] = mapped_column(info=PLAIN)
    state: Mapped[str] = mapped_column(info=PLAIN)
    closed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    closed_by: Mapped[str | None] = mapped_column(info=PLAIN)
    evidence: Mapped[str] = mapped_column(info=SENSITIVE)
    as_of: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    content_hash: Mapped[str] = mapped_column(info=PLAIN)
    """Hash of the content columns: the same version is never stored twice."""
    received_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("state", ("open", "closed", "withdrawn")),
        one_of("severity", ("red", "amber")),
        Index("ix_signal_case", "case_id", "id"),
        Index("ix_signal_patient", "patient_key"),
        Index("ix_signal_organization", "organization_id"),
        {"schema": "inbox", "info": exported(Subject.WITHHELD)},
    )


class SignalDecision(Row, Base):
    """What an official decided on a case; the newest stands."""

    __tablename__ = "signal_decision"

    case_id: Mapped[str] = mapped_column(info=PLAIN)
    decision: Mapped[str] = mapped_column(info=PLAIN)
    due_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    comment: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    decided_by: Mapped[str] = mapped_column(info=DIRECT)
    decided_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("decision", DECISIONS),
        Index("ix_signal_decision_case", "case_id", "id"),
        watermark_index("signal_decision"),
        {"schema": "worklist", "info": exported(Subject.STRUCTURE)},
    )


class SignalAnswer(Row, Base):
    """What the treating team answered to a decision or did about a case."""

    __tablename__ = "signal_answer"

    case_id: Mapped[str] = mapped_column(info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    text: Mapped[str] = mapped_column(info=FREE_TEXT)
    answered_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("kind", ("explanation", "contact", "plan")),
        Index("ix_signal_answer_case", "case_id"),
        watermark_index("signal_answer"),
        {"schema": "worklist", "info": exported(Subject.WITHHELD)},
    )


class SignalOpening(Row, Base):
    """Somebody opened a case and said why: in a village a case is a person."""

    __tablename__ = "signal_opening"

    case_id: Mapped[str] = mapped_column(info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=DIRECT)
    reason: Mapped[str] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("reason", OPENING_REASONS),
        Index("ix_signal_opening_account", "account_id", "case_id"),
        watermark_index("signal_opening"),
        {"schema": "worklist", "info": exported(Subject.WITHHELD)},
    )
