"""Orders, the tubes they need, and how these travel."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Row, Sourced, one_of, source_key_constraint
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

ORDER_STATUSES = ("registered", "in_progress", "completed", "cancelled")
SERVICE_STATUSES = ("ordered", "in_progress", "partial", "entered", "confirmed", "replaced", "cancelled")
SPECIMEN_STATUSES = ("planned", "collected", "sent", "received", "rejected")
SPECIMEN_TYPES = (
    "blood_edta",
    "blood_serum",
    "blood_citrate",
    "blood_fluoride",
    "blood_capillary",
    "urine",
    "urine_24h",
    "stool",
    "sputum",
    "smear",
    "swab",
    "tissue",
    "other",
)
REJECT_REASONS = (
    "haemolysed",
    "clotted",
    "too_little",
    "wrong_container",
    "unlabelled",
    "wrong_person",
    "late",
    "leaked",
    "lipaemic",
    "other",
)

_TABLE = {"schema": "laboratory", "info": exported(Subject.WITHHELD)}


class LabOrder(Row, Sourced, Base):
    """One request to a laboratory for one person: several services, several tubes."""

    __tablename__ = "lab_order"

    order_number: Mapped[str | None] = mapped_column(unique=True, info=DIRECT)
    """Ten digits, the last a check digit; empty only until the row has its key."""
    lab_number: Mapped[str | None] = mapped_column(info=DIRECT)
    """Given by the laboratory's own scheme at acceptance."""
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """Who asks."""
    laboratory_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    requester_text: Mapped[str | None] = mapped_column(info=DIRECT)
    """Who asks, when it came on paper from outside."""
    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    priority: Mapped[str] = mapped_column(server_default=text("'routine'"), info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'registered'"), info=PLAIN)
    reason_icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    trimester: Mapped[int | None] = mapped_column(info=SENSITIVE)
    """Of a pregnant woman; chooses her reference ranges."""
    payer: Mapped[str | None] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    ordered_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    cancel_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.document.id"), info=PLAIN)
    """Its newest report, to be signed or signed."""

    __table_args__ = (
        one_of("priority", ("routine", "urgent", "emergency")),
        one_of("status", ORDER_STATUSES),
        Index("ix_lab_order_patient", "patient_id", "ordered_at"),
        Index("ix_lab_order_laboratory", "laboratory_id", "ordered_at"),
        Index("ix_lab_order_organization", "organization_id", "ordered_at"),
        Index("ix_lab_order_encounter", "encounter_id"),
        Index(
            "uq_lab_order_lab_number",
            "laboratory_id",
            "lab_number",
            unique=True,
            postgresql_where=text("lab_number is not null"),
        ),
        *source_key_constraint("lab_order"),
        _TABLE,
    )


class DeliverySheet(Row, Base):
    """The accompanying sheet: which tubes go to which laboratory on which day."""

    __tablename__ = "delivery_sheet"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    laboratory_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    delivery_date: Mapped[dt.date] = mapped_column(info=PLAIN)
    courier: Mapped[str | None] = mapped_column(info=DIRECT)
    sent_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    sent_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (Index("ix_delivery_sheet_organization", "organization_id", "delivery_date"), _TABLE)


class Specimen(Row, Base):
    """One tube: its barcode is the order's number and two digits."""

    __tablename__ = "specimen"

    order_id: Mapped[int] = mapped_column(ForeignKey("laboratory.lab_order.id"), info=PLAIN)
    barcode: Mapped[str] = mapped_column(unique=True, info=DIRECT)
    specimen_type: Mapped[str] = mapped_column(info=PLAIN)
    container: Mapped[str] = mapped_column(info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'planned'"), info=PLAIN)
    collected_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    collected_by: Mapped[str | None] = mapped_column(info=DIRECT)
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.delivery_sheet.id"), info=PLAIN)
    sent_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    received_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    received_by: Mapped[str | None] = mapped_column(info=DIRECT)
    rejected_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    rejected_by: Mapped[str | None] = mapped_column(info=DIRECT)
    reject_stage: Mapped[str | None] = mapped_column(info=PLAIN)
    reject_reason: Mapped[str | None] = mapped_column(info=PLAIN)
    reject_note: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    needs_retake: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    retake_of_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.specimen.id"), info=PLAIN)

    __table_args__ = (
        one_of("status", SPECIMEN_STATUSES),
        one_of("specimen_type", SPECIMEN_TYPES),
        one_of("reject_stage", ("sending", "receiving")),
        one_of("reject_reason", REJECT_REASONS),
        Index("ix_specimen_order", "order_id"),
        Index("ix_specimen_sheet", "sheet_id"),
        Index("ix_specimen_received", "received_at"),
        _TABLE,
    )


class OrderService(Row, Base):
    """A service of an order, the tube it is done from and the workplace it is done at."""

    __tablename__ = "order_service"

    order_id: Mapped[int] = mapped_column(ForeignKey("laboratory.lab_order.id"), info=PLAIN)
    service_id: Mapped[int] = mapped_column(ForeignKey("laboratory.service.id"), info=PLAIN)
    service_request_id: Mapped[int | None] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    specimen_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.specimen.id"), info=PLAIN)
    workplace_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.workplace.id"), info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'ordered'"), info=PLAIN)
    started_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    entered_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    confirmed_by: Mapped[str | None] = mapped_column(info=DIRECT)
    seen_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    """When somebody of the requesting side opened the confirmed result."""
    seen_by: Mapped[str | None] = mapped_column(info=DIRECT)
    conclusion: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("status", SERVICE_STATUSES),
        Index("ix_order_service_order", "order_id"),
        Index("ix_order_service_specimen", "specimen_id"),
        Index("ix_order_service_request", "service_request_id"),
        Index(
            "ix_order_service_open",
            "workplace_id",
            "status",
            postgresql_where=text("status in ('ordered', 'in_progress', 'partial', 'entered')"),
        ),
        _TABLE,
    )


class OrderChange(Row, Base):
    """That a service was added or replaced, by whom and why."""

    __tablename__ = "order_change"

    order_id: Mapped[int] = mapped_column(ForeignKey("laboratory.lab_order.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    old_service_id: Mapped[int | None] = mapped_column(ForeignKey("laboratory.service.id"), info=PLAIN)
    new_service_id: Mapped[int] = mapped_column(ForeignKey("laboratory.service.id"), info=PLAIN)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    changed_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("kind", ("replaced", "added", "reflex")),
        Index("ix_order_change_order", "order_id"),
        _TABLE,
    )
