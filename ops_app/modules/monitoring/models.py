"""Tables of schema ``monitoring``; the measured values themselves pass the gate as observations."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, one_of, watermark_index
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

PARTS = ("treating", "observing", "on_duty")
ENTRIES = ("device", "staff", "patient")
MEASURES = (
    "remote_consultation",
    "in_person_consultation",
    "referral",
    "hospitalisation",
    "ambulance",
    "urgent_care",
)
_TABLE = {"schema": "monitoring", "info": exported(Subject.WITHHELD)}


class Enrolment(Row, Base):
    """A patient is watched at home by an organisation."""

    __tablename__ = "enrolment"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    reason_icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    every_hours: Mapped[int] = mapped_column(info=PLAIN)
    """After so long without a value the patient counts as silent."""
    started_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    started_by: Mapped[str] = mapped_column(info=DIRECT)
    ended_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    ended_by: Mapped[str | None] = mapped_column(info=DIRECT)
    end_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        CheckConstraint("every_hours between 1 and 720", name="every_hours_sensible"),
        Index(
            "uq_enrolment_open",
            "patient_id",
            "organization_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("ix_enrolment_place", "organization_id", postgresql_where=text("ended_at is null")),
        watermark_index("enrolment"),
        _TABLE,
    )


class Participant(Row, Base):
    """Somebody who takes part in watching a patient and is alerted."""

    __tablename__ = "participant"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("monitoring.enrolment.id"), info=PLAIN)
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    part: Mapped[str] = mapped_column(info=PLAIN)
    removed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("part", PARTS),
        Index(
            "uq_participant",
            "enrolment_id",
            "practitioner_id",
            unique=True,
            postgresql_where=text("removed_at is null"),
        ),
        Index("ix_participant_practitioner", "practitioner_id", postgresql_where=text("removed_at is null")),
        watermark_index("participant"),
        _TABLE,
    )


class Watched(Row, Base):
    """An indicator of one patient; without limits of its own those of the age hold."""

    __tablename__ = "watched"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("monitoring.enrolment.id"), info=PLAIN)
    code: Mapped[str] = mapped_column(info=SENSITIVE)
    has_own_limits: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    low: Mapped[float | None] = mapped_column(info=SENSITIVE)
    high: Mapped[float | None] = mapped_column(info=SENSITIVE)
    critical_low: Mapped[float | None] = mapped_column(info=SENSITIVE)
    critical_high: Mapped[float | None] = mapped_column(info=SENSITIVE)
    set_by: Mapped[str] = mapped_column(info=DIRECT)
    removed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        Index("uq_watched", "enrolment_id", "code", unique=True, postgresql_where=text("removed_at is null")),
        watermark_index("watched"),
        _TABLE,
    )


class Alert(Row, Base):
    """Values of one group beyond their limits, from the first one until it is dealt with."""

    __tablename__ = "alert"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("monitoring.enrolment.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    group_name: Mapped[str] = mapped_column(info=SENSITIVE)
    level: Mapped[str] = mapped_column(info=PLAIN)
    opened_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    worst: Mapped[float] = mapped_column(info=SENSITIVE)
    """The largest deviation so far."""
    worst_code: Mapped[str] = mapped_column(info=SENSITIVE)
    worst_number: Mapped[float] = mapped_column(info=SENSITIVE)
    worst_limit: Mapped[float | None] = mapped_column(info=SENSITIVE)
    """The limit that value lay beyond."""
    values_count: Mapped[int] = mapped_column(server_default=text("1"), info=PLAIN)
    last_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    back_in_a_row: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    closed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    closed_by: Mapped[str | None] = mapped_column(info=DIRECT)
    closed_because: Mapped[str | None] = mapped_column(info=PLAIN)
    measure: Mapped[str | None] = mapped_column(info=SENSITIVE)
    measure_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    measure_note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("level", ("limit", "critical")),
        one_of("measure", MEASURES),
        one_of("closed_because", ("measure", "returned", "ended")),
        CheckConstraint("(closed_at is null) = (closed_because is null)", name="closed_for_a_reason"),
        CheckConstraint(
            "level <> 'critical' or closed_because is null or closed_because <> 'returned'",
            name="critical_never_closes_itself",
        ),
        CheckConstraint("(closed_because = 'measure') = (measure is not null)", name="measure_closes"),
        Index("uq_alert_open", "enrolment_id", "group_name", unique=True, postgresql_where=text("closed_at is null")),
        Index("ix_alert_enrolment", "enrolment_id", "id"),
        Index("ix_alert_patient", "patient_id"),
        watermark_index("alert"),
        _TABLE,
    )


class Value(Row, Base):
    """One value as it came, with what it was judged to be."""

    __tablename__ = "value"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("monitoring.enrolment.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    code: Mapped[str] = mapped_column(info=SENSITIVE)
    number: Mapped[float] = mapped_column(info=SENSITIVE)
    """In the unit of the indicator."""
    sent_number: Mapped[float] = mapped_column(info=SENSITIVE)
    sent_unit: Mapped[str] = mapped_column(info=PLAIN)
    measured_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    received_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    entry: Mapped[str] = mapped_column(info=PLAIN)
    """Sent by a device, measured by staff, or told by the patient."""
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    device_text: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """The device as a person named it, where it cannot send; what a sending one added to the number."""
    counts: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    """Whether it may alert: values of an uncertified device do not."""
    level: Mapped[str] = mapped_column(info=PLAIN)
    observation_id: Mapped[int | None] = mapped_column(ForeignKey("visits.observation.id"), info=PLAIN)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("monitoring.alert.id"), info=PLAIN)

    __table_args__ = (
        one_of("entry", ENTRIES),
        one_of("level", ("normal", "limit", "critical")),
        Index("ix_value_trend", "enrolment_id", "code", "measured_at"),
        Index("ix_value_patient", "patient_id"),
        Index("ix_value_alert", "alert_id", postgresql_where=text("alert_id is not null")),
        watermark_index("value"),
        _TABLE,
    )


class Binding(Row, Base):
    """A device of the register is with a patient from a moment until another."""

    __tablename__ = "binding"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("monitoring.enrolment.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    from_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    until_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    bound_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        CheckConstraint("until_at >= from_at", name="ends_after_start"),
        Index("uq_binding_device", "device_id", unique=True, postgresql_where=text("until_at is null")),
        Index("ix_binding_enrolment", "enrolment_id"),
        Index("ix_binding_when", "device_id", "from_at"),
        watermark_index("binding"),
        _TABLE,
    )


class DeviceKey(Row, Base):
    """The key a device shows when it sends; only its hash is kept."""

    __tablename__ = "device_key"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    given_by: Mapped[str] = mapped_column(info=DIRECT)
    given_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        Index("uq_device_key_hash", "key_hash", unique=True),
        Index("uq_device_key_device", "device_id", unique=True, postgresql_where=text("revoked_at is null")),
        watermark_index("device_key"),
        _TABLE,
    )
