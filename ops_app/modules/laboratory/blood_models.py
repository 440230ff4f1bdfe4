"""Blood groups, transfusions and reactions to them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Correctable, Row, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported
from ops_app.modules.laboratory.blood_titles import (
    COMPONENTS,
    CROSSMATCHES,
    IMPUTABILITIES,
    REACTIONS,
    RHESUS,
    SEVERITIES,
)

ABO = ("O", "A", "B", "AB")

_TABLE = {"schema": "laboratory", "info": exported(Subject.WITHHELD)}


class BloodGroup(Row, Correctable, Base):
    """One determination. A group is established by two that agree, of two samples or by two people."""

    __tablename__ = "blood_group"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    specimen_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.specimen.id"), info=PLAIN)
    abo: Mapped[str] = mapped_column(info=SENSITIVE)
    rhesus: Mapped[str] = mapped_column(info=SENSITIVE)
    antibodies: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    method: Mapped[str | None] = mapped_column(info=PLAIN)
    determined_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    determined_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("abo", ABO),
        one_of("rhesus", RHESUS),
        Index("ix_blood_group_patient", "patient_id"),
        _TABLE,
    )


class Transfusion(Row, Correctable, Base):
    """One unit given to one person, with what was checked at the bedside."""

    __tablename__ = "transfusion"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    procedure_id: Mapped[int | None] = mapped_column(ForeignKey("visits.procedure.id"), info=PLAIN)
    component: Mapped[str] = mapped_column(info=PLAIN)
    unit_number: Mapped[str] = mapped_column(info=DIRECT)
    unit_abo: Mapped[str] = mapped_column(info=PLAIN)
    unit_rhesus: Mapped[str] = mapped_column(info=PLAIN)
    unit_expires_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    volume_ml: Mapped[float] = mapped_column(info=PLAIN)
    indication: Mapped[str] = mapped_column(info=FREE_TEXT)
    consent_signed: Mapped[bool] = mapped_column(info=PLAIN)
    crossmatch: Mapped[str] = mapped_column(info=PLAIN)
    biological_test: Mapped[bool] = mapped_column(info=PLAIN)
    without_group_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """Why it could not wait for the second determination."""
    started_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    ended_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("component", COMPONENTS),
        one_of("unit_abo", ABO),
        one_of("unit_rhesus", RHESUS),
        one_of("crossmatch", CROSSMATCHES),
        CheckConstraint("ended_at is null or ended_at >= started_at", name="ends_after_start"),
        CheckConstraint("volume_ml > 0", name="volume_positive"),
        Index("uq_transfusion_unit", "unit_number", "component", "patient_id", unique=True),
        Index("ix_transfusion_patient", "patient_id"),
        Index("ix_transfusion_organization", "organization_id", "started_at"),
        _TABLE,
    )


class TransfusionReaction(Row, Correctable, Base):
    """Haemovigilance: what happened during or after a transfusion, how bad, how surely by it."""

    __tablename__ = "transfusion_reaction"

    transfusion_id: Mapped[int] = mapped_column(ForeignKey("laboratory.transfusion.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=SENSITIVE)
    severity: Mapped[str] = mapped_column(info=SENSITIVE)
    imputability: Mapped[str] = mapped_column(info=PLAIN)
    started_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    signs: Mapped[str] = mapped_column(info=FREE_TEXT)
    treatment: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    concluded_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    concluded_by: Mapped[str | None] = mapped_column(info=DIRECT)
    concluded_imputability: Mapped[str | None] = mapped_column(info=PLAIN)
    conclusion: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """What looking into it showed."""

    __table_args__ = (
        one_of("kind", REACTIONS),
        one_of("severity", SEVERITIES),
        one_of("imputability", IMPUTABILITIES),
        one_of("concluded_imputability", IMPUTABILITIES),
        CheckConstraint(
            "num_nonnulls(concluded_at, concluded_by, concluded_imputability, conclusion) in (0, 4)",
            name="concluded_whole",
        ),
        Index("ix_transfusion_reaction_transfusion", "transfusion_id"),
        _TABLE,
    )
