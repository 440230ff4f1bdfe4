"""What is kept beyond its term or handed over whole: marks, terms, limits, deliveries."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN
from ops_app.modules.personal_data.columns import TABLE, now, of_organization, of_patient, row_id

DELIVERY_STATES = ("under_check", "accepted", "rejected")


class ArchiveMark(Base):
    """Records whose term of storage ended were looked at: kept in the archive until a later day."""

    __tablename__ = "archive_mark"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    organization_id: Mapped[int] = of_organization()
    record_type: Mapped[str] = mapped_column(info=PLAIN)
    act: Mapped[str] = mapped_column(info=FREE_TEXT)
    keep_until: Mapped[dt.date] = mapped_column(info=PLAIN)
    marked_at: Mapped[dt.datetime] = now()
    marked_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (Index("ix_archive_mark_patient", "patient_id", "record_type"), TABLE)


class FacilityTerm(Base):
    """The contract of an organisation ended; its information resources are kept for a calendar year after it."""

    __tablename__ = "facility_term"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.organization.id"), primary_key=True, autoincrement=False, info=PLAIN
    )
    ended_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    keep_until: Mapped[dt.date] = mapped_column(info=PLAIN)
    document: Mapped[str] = mapped_column(info=FREE_TEXT)
    recorded_at: Mapped[dt.datetime] = now()
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (CheckConstraint("keep_until > ended_on", name="kept_after_end"), TABLE)


class ApplicationLimit(Base):
    """A kind of data that a facility does not give to applications of patients, though it keeps it."""

    __tablename__ = "application_limit"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.organization.id"), primary_key=True, autoincrement=False, info=PLAIN
    )
    kind: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)
    """A resource type of the FHIR API."""
    set_at: Mapped[dt.datetime] = now()
    set_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (TABLE,)


class ExportDelivery(Base):
    """An export of a facility handed over for its check, which takes twenty working days at most."""

    __tablename__ = "export_delivery"

    id: Mapped[int] = row_id()
    organization_id: Mapped[int] = of_organization()
    delivered_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    due_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    manifest_sha256: Mapped[str] = mapped_column(info=PLAIN)
    about: Mapped[str] = mapped_column(info=FREE_TEXT)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.export_delivery.id"), info=PLAIN)
    """The rejected delivery that this one mends."""
    state: Mapped[str] = mapped_column(server_default=text("'under_check'"), info=PLAIN)
    findings: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    recorded_at: Mapped[dt.datetime] = now()
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    decided_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    decided_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("state", DELIVERY_STATES),
        CheckConstraint("(state = 'under_check') = (decided_at is null)", name="decided_at_known"),
        CheckConstraint("state <> 'rejected' or findings is not null", name="rejected_with_findings"),
        Index(
            "uq_export_delivery_replaces", "replaces_id", unique=True, postgresql_where=text("replaces_id is not null")
        ),
        TABLE,
    )
