"""Tables of schema ``lab_quality``; none of them passes the gate: nothing here is about a person."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Subject, exported

VERDICTS = ("in_control", "warning", "rejected")

_TABLE = {"schema": "lab_quality", "info": exported(Subject.WITHHELD)}


class ControlLot(Base):
    """One lot of a control material of one level."""

    __tablename__ = "control_lot"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    material: Mapped[str] = mapped_column(info=PLAIN)
    manufacturer: Mapped[str | None] = mapped_column(info=PLAIN)
    level: Mapped[int] = mapped_column(info=PLAIN)
    lot_number: Mapped[str] = mapped_column(info=PLAIN)
    specimen_code: Mapped[str] = mapped_column(info=PLAIN)
    """What stands on its tube: an analyser that sends results of this code has measured the control."""
    expires_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    opened_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    opened_by: Mapped[str] = mapped_column(info=DIRECT)
    closed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("level between 1 and 9", name="level_known"),
        Index(
            "uq_control_lot_specimen",
            "organization_id",
            "specimen_code",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
        _TABLE,
    )


class Target(Base):
    """Target and standard deviation of a lot for one parameter on one analyser; a new one replaces the old."""

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lab_quality.control_lot.id"), info=PLAIN)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    parameter_code: Mapped[str] = mapped_column(info=PLAIN)
    unit: Mapped[str | None] = mapped_column(info=PLAIN)
    mean: Mapped[float] = mapped_column(info=PLAIN)
    sd: Mapped[float] = mapped_column(info=PLAIN)
    set_by: Mapped[str] = mapped_column(info=DIRECT)
    set_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    replaced_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("sd > 0", name="sd_positive"),
        Index(
            "uq_target",
            "lot_id",
            "device_id",
            "parameter_code",
            unique=True,
            postgresql_where=text("replaced_at is null"),
        ),
        Index("ix_target_device", "device_id", "parameter_code"),
        _TABLE,
    )


class Run(Base):
    """One measurement of a control, with the rules it broke when it came."""

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    target_id: Mapped[int] = mapped_column(ForeignKey("lab_quality.target.id"), info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    value: Mapped[float] = mapped_column(info=PLAIN)
    z: Mapped[float] = mapped_column(info=PLAIN)
    verdict: Mapped[str] = mapped_column(info=PLAIN)
    rules: Mapped[list[str]] = mapped_column(JSONB, info=PLAIN)
    source_key: Mapped[str | None] = mapped_column(info=PLAIN)
    """Of a run that an analyser sent; the same message again changes nothing."""
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    recorded_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    withdrawn_by: Mapped[str | None] = mapped_column(info=DIRECT)
    withdrawn_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("verdict", VERDICTS),
        CheckConstraint("(withdrawn_at is null) = (withdrawn_reason is null)", name="withdrawn_for_a_reason"),
        Index("ix_run_target_at", "target_id", "at"),
        Index("uq_run_source", "target_id", "source_key", unique=True, postgresql_where=text("source_key is not null")),
        _TABLE,
    )


class Hold(Base):
    """From a failed control until a person closes it: results of this parameter on this analyser wait."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.device.id"), info=PLAIN)
    parameter_code: Mapped[str] = mapped_column(info=PLAIN)
    run_id: Mapped[int] = mapped_column(ForeignKey("lab_quality.run.id"), info=PLAIN)
    rules: Mapped[list[str]] = mapped_column(JSONB, info=PLAIN)
    since: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    """When the failed control was measured."""
    closed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    closed_by: Mapped[str | None] = mapped_column(info=DIRECT)
    cause: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    corrective_action: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        CheckConstraint(
            "closed_at is null or (closed_by is not null and cause is not null and corrective_action is not null)",
            name="closed_with_a_cause",
        ),
        Index("uq_hold_open", "device_id", "parameter_code", unique=True, postgresql_where=text("closed_at is null")),
        _TABLE,
    )
