"""Results with their versions, reports that came from outside, and what becomes of abnormal ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

RESULT_STATUSES = ("entered", "confirmed", "corrected", "removed")
RESULT_SOURCES = ("manual", "analyser", "calculated", "external")
FLAGS = ("N", "L", "H", "LL", "HH", "A", "AA")
"""As HL7 names them: normal, low, high, critically low and high, abnormal, critically abnormal."""
REPORT_STATES = ("matched", "unmatched", "external", "dismissed")
FOLLOW_UP_STATES = ("open", "seen", "told", "booked", "done")

_TABLE = {"schema": "laboratory", "info": exported(Subject.WITHHELD)}


class Report(Row, Base):
    """A report as an analyser or another laboratory sent it; kept as it came."""

    __tablename__ = "report"

    channel: Mapped[str] = mapped_column(info=PLAIN)
    sender: Mapped[str] = mapped_column(info=PLAIN)
    source_key: Mapped[str] = mapped_column(info=DIRECT)
    state: Mapped[str] = mapped_column(info=PLAIN)
    why_unmatched: Mapped[str | None] = mapped_column(info=PLAIN)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    analyser_id: Mapped[int | None] = mapped_column(info=PLAIN)
    """``devices.device``."""
    laboratory_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.lab_order.id"), info=PLAIN)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    performer: Mapped[str | None] = mapped_column(info=DIRECT)
    reported_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    settled_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    settled_by: Mapped[str | None] = mapped_column(info=DIRECT)
    settle_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.report.id"), info=PLAIN)
    """The report in which the other laboratory corrected this one."""

    __table_args__ = (
        one_of("state", REPORT_STATES),
        Index("uq_report_source_key", "channel", "sender", "source_key", unique=True),
        Index("ix_report_unmatched", "recorded_at", postgresql_where=text("state = 'unmatched'")),
        Index("ix_report_patient", "patient_id"),
        Index("ix_report_order", "order_id"),
        _TABLE,
    )


class ResultFile(Row, Base):
    """A picture or a PDF that came with a report or was added to a result."""

    __tablename__ = "result_file"

    report_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.report.id"), info=PLAIN)
    content_type: Mapped[str] = mapped_column(info=PLAIN)
    title: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, info=FREE_TEXT)
    sha256: Mapped[str] = mapped_column(info=DIRECT)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (Index("ix_result_file_report", "report_id"), _TABLE)


class Result(Row, Base):
    """One version of one parameter's value. Only confirmed ones are shown to who asked.

    The limits it was judged by are kept with it: a range that changes later does not change what was said.
    """

    __tablename__ = "result"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    parameter_id: Mapped[int] = mapped_column(ForeignKey("laboratory.parameter.id"), info=PLAIN)
    order_service_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.order_service.id"), info=PLAIN)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.report.id"), info=PLAIN)
    version: Mapped[int] = mapped_column(server_default=text("1"), info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'entered'"), info=PLAIN)
    is_current: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    source: Mapped[str] = mapped_column(info=PLAIN)
    value_number: Mapped[float | None] = mapped_column(info=SENSITIVE)
    comparator: Mapped[str | None] = mapped_column(info=SENSITIVE)
    value_code: Mapped[str | None] = mapped_column(info=SENSITIVE)
    value_text: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=FREE_TEXT)
    """Of a medical record."""
    questionnaire_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("questionnaires.questionnaire_version.id"), info=PLAIN
    )
    file_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.result_file.id"), info=PLAIN)
    unit: Mapped[str | None] = mapped_column(info=PLAIN)
    low: Mapped[float | None] = mapped_column(info=PLAIN)
    high: Mapped[float | None] = mapped_column(info=PLAIN)
    critical_low: Mapped[float | None] = mapped_column(info=PLAIN)
    critical_high: Mapped[float | None] = mapped_column(info=PLAIN)
    reference_text: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    flag: Mapped[str | None] = mapped_column(info=SENSITIVE)
    delta_from: Mapped[float | None] = mapped_column(info=SENSITIVE)
    """The earlier value, when the change is larger than the parameter allows."""
    delta_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    method: Mapped[str | None] = mapped_column(info=PLAIN)
    analyser_id: Mapped[int | None] = mapped_column(info=PLAIN)
    performer: Mapped[str | None] = mapped_column(info=DIRECT)
    """Laboratory outside that measured it."""
    measured_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    """When the material was taken: the moment the value says something about."""
    held_reason: Mapped[str | None] = mapped_column(info=PLAIN)
    """Why it must not be confirmed as it is: quality control, a mark of the analyser."""
    entered_by: Mapped[str] = mapped_column(info=DIRECT)
    entered_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    confirmed_by: Mapped[str | None] = mapped_column(info=DIRECT)
    confirmed_practitioner_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizations.practitioner.id"), info=PLAIN
    )
    observation_id: Mapped[int | None] = mapped_column(ForeignKey("visits.observation.id"), info=PLAIN)
    correction_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("status", RESULT_STATUSES),
        one_of("source", RESULT_SOURCES),
        one_of("flag", FLAGS),
        one_of("comparator", ("<", ">", "<=", ">=")),
        CheckConstraint("order_service_id is not null or report_id is not null", name="has_origin"),
        CheckConstraint("status <> 'confirmed' or confirmed_at is not null", name="confirmed_when"),
        Index(
            "uq_result_current",
            "order_service_id",
            "parameter_id",
            unique=True,
            postgresql_where=text("is_current and order_service_id is not null"),
        ),
        Index("ix_result_patient", "patient_id", "parameter_id", "measured_at"),
        Index("ix_result_report", "report_id"),
        Index("ix_result_order_service", "order_service_id"),
        _TABLE,
    )


class CriticalCall(Row, Base):
    """That a critical value was told to somebody who can act, and read back."""

    __tablename__ = "critical_call"

    result_id: Mapped[int] = mapped_column(ForeignKey("laboratory.result.id"), info=PLAIN)
    told_to: Mapped[str] = mapped_column(info=DIRECT)
    told_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    told_by: Mapped[str] = mapped_column(info=DIRECT)
    read_back: Mapped[bool] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (Index("ix_critical_call_result", "result_id"), _TABLE)


class FollowUp(Row, Base):
    """What is done about the abnormal results of one order: seen, the patient told, booked, done."""

    __tablename__ = "follow_up"

    order_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.lab_order.id"), info=PLAIN)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.report.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    is_critical: Mapped[bool] = mapped_column(info=PLAIN)
    state: Mapped[str] = mapped_column(server_default=text("'open'"), info=PLAIN)
    opened_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    seen_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    seen_by: Mapped[str | None] = mapped_column(info=DIRECT)
    told_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    told_how: Mapped[str | None] = mapped_column(info=PLAIN)
    told_by: Mapped[str | None] = mapped_column(info=DIRECT)
    booked_for: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    booked_what: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    booked_by: Mapped[str | None] = mapped_column(info=DIRECT)
    done_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    done_how: Mapped[str | None] = mapped_column(info=PLAIN)
    done_by: Mapped[str | None] = mapped_column(info=DIRECT)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("state", FOLLOW_UP_STATES),
        Index("uq_follow_up_order", "order_id", unique=True, postgresql_where=text("order_id is not null")),
        Index("uq_follow_up_report", "report_id", unique=True, postgresql_where=text("report_id is not null")),
        Index("ix_follow_up_open", "organization_id", "opened_at", postgresql_where=text("state <> 'done'")),
        Index("ix_follow_up_patient", "patient_id"),
        _TABLE,
    )
