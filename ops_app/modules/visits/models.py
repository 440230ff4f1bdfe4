"""Tables of schema ``visits``: the clinical facts of an encounter."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, Fact, Row, fact_constraints, one_of, watermark_index
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

ENCOUNTER_CLASSES = ("ambulatory", "home", "inpatient", "emergency", "virtual")
ENCOUNTER_STATUSES = ("planned", "in_progress", "finished", "cancelled")
PURPOSES = (
    "disease",
    "prevention",
    "screening",
    "pregnancy",
    "dispensary",
    "patronage",
    "active",
    "home_call",
    "hospitalisation",
    "ambulance_call",
    "other",
)
DISPOSITIONS = (
    "home",
    "transferred",
    "died",
    "refused",
    "not_indicated",
    "non_profile",
    "no_bed",
    "walked_out",
    "nobody_home",
)
DIAGNOSIS_KINDS = ("referral", "admission", "preliminary", "final")
DIAGNOSIS_TYPES = ("main", "complication", "concomitant", "background")
DIAGNOSIS_CHARACTERS = ("acute", "chronic_new", "chronic_known")


class Encounter(Fact, Base):
    """A contact with care. ``event_at`` is its start (admission for a stay).

    An admission room that turns a person away leaves an ``emergency`` encounter whose disposition
    says why. For a stay in another facility ``known_at`` is when this installation learnt of it,
    ``end_known_at`` when it learnt of the discharge.
    """

    __tablename__ = "encounter"

    encounter_class: Mapped[str] = mapped_column(info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'finished'"), info=PLAIN)
    purpose: Mapped[str] = mapped_column(server_default=text("'disease'"), info=SENSITIVE)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    location_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.location.id"), info=PLAIN)
    end_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    end_known_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    disposition: Mapped[str | None] = mapped_column(info=PLAIN)
    is_planned: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    payer: Mapped[str | None] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("encounter_class", ENCOUNTER_CLASSES),
        one_of("status", ENCOUNTER_STATUSES),
        one_of("purpose", PURPOSES),
        one_of("disposition", DISPOSITIONS),
        one_of("payer", ("guaranteed_package", "insurance", "paid", "other")),
        CheckConstraint("end_at is null or end_at >= event_at", name="ends_after_start"),
        Index("ix_encounter_organization_event", "organization_id", "event_at"),
        *fact_constraints("encounter"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )


class Condition(Fact, Base):
    """A diagnosis: ICD-10 with its kind, type and character.

    Imported conditions keep ``original_system`` and ``original_code``; ``icd10`` stays empty when
    no mapping is known.
    """

    __tablename__ = "condition"

    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    kind: Mapped[str] = mapped_column(server_default=text("'final'"), info=PLAIN)
    type: Mapped[str] = mapped_column(server_default=text("'main'"), info=PLAIN)
    character: Mapped[str | None] = mapped_column(info=PLAIN)
    abated_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    original_system: Mapped[str | None] = mapped_column(info=PLAIN)
    original_code: Mapped[str | None] = mapped_column(info=SENSITIVE)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("kind", DIAGNOSIS_KINDS),
        one_of("type", DIAGNOSIS_TYPES),
        one_of("character", DIAGNOSIS_CHARACTERS),
        CheckConstraint("icd10 ~ '^[A-Z][0-9]{2}([.][0-9]{1,2})?$'", name="icd10_shape"),
        CheckConstraint("icd10 is not null or original_code is not null", name="has_code"),
        Index("ix_condition_encounter", "encounter_id"),
        *fact_constraints("condition"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )


class Observation(Fact, Base):
    """A measurement or coded finding; ``unit`` is UCUM, ``value_number`` is in that unit."""

    __tablename__ = "observation"

    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    code_system: Mapped[str] = mapped_column(server_default=text("'loinc'"), info=PLAIN)
    code: Mapped[str] = mapped_column(info=SENSITIVE)
    value_number: Mapped[float | None] = mapped_column(info=SENSITIVE)
    unit: Mapped[str | None] = mapped_column(info=PLAIN)
    value_code: Mapped[str | None] = mapped_column(info=SENSITIVE)
    value_text: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    status: Mapped[str] = mapped_column(server_default=text("'final'"), info=PLAIN)

    __table_args__ = (
        one_of("status", ("preliminary", "final", "corrected", "cancelled")),
        CheckConstraint(
            "value_number is not null or value_code is not null or value_text is not null", name="has_value"
        ),
        Index("ix_observation_encounter", "encounter_id"),
        *fact_constraints("observation"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )


class ServiceRequest(Fact, Base):
    """A referral or order. ``event_at`` is when it was written."""

    __tablename__ = "service_request"

    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'active'"), info=PLAIN)
    category: Mapped[str] = mapped_column(info=PLAIN)
    code: Mapped[str | None] = mapped_column(info=SENSITIVE)
    priority: Mapped[str] = mapped_column(server_default=text("'routine'"), info=PLAIN)
    performer_organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizations.organization.id"), info=PLAIN
    )
    reason_icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    occurrence_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    payer: Mapped[str | None] = mapped_column(info=PLAIN)
    cancel_reason: Mapped[str | None] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("status", ("draft", "active", "scheduled", "in_progress", "completed", "cancelled")),
        one_of(
            "category",
            ("consultation", "laboratory", "imaging", "procedure", "hospitalisation", "rehabilitation", "other"),
        ),
        one_of("priority", ("routine", "urgent", "emergency")),
        one_of("payer", ("guaranteed_package", "insurance", "paid", "other")),
        Index("ix_service_request_encounter", "encounter_id"),
        Index("ix_service_request_performer", "performer_organization_id", "status"),
        *fact_constraints("service_request"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )


class ServiceRequestEvent(Row, Base):
    """One move of a referral: who moved it when, for which time, why, with which result."""

    __tablename__ = "service_request_event"

    service_request_id: Mapped[int] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    before: Mapped[str] = mapped_column(info=PLAIN)
    after: Mapped[str] = mapped_column(info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    moved_by: Mapped[str] = mapped_column(info=DIRECT)
    scheduled_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    result_text: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        Index("ix_service_request_event_request", "service_request_id", "id"),
        watermark_index("service_request_event"),
        {"schema": "visits", "info": exported(Subject.WITHHELD)},
    )


class Procedure(Fact, Base):
    """A service rendered. ``programme`` names the programme it counts for, e.g. ``breast``."""

    __tablename__ = "procedure"

    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    service_request_id: Mapped[int | None] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    code_system: Mapped[str] = mapped_column(server_default=text("'kz_service'"), info=PLAIN)
    code: Mapped[str] = mapped_column(info=SENSITIVE)
    programme: Mapped[str | None] = mapped_column(info=PLAIN)
    result_code: Mapped[str | None] = mapped_column(info=SENSITIVE)
    status: Mapped[str] = mapped_column(server_default=text("'completed'"), info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("status", ("in_progress", "completed", "cancelled")),
        Index("ix_procedure_encounter", "encounter_id"),
        Index("ix_procedure_programme", "programme", "event_at", postgresql_where=text("programme is not null")),
        *fact_constraints("procedure"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )


class MedicationRequest(Fact, Base):
    """A medicine prescribed."""

    __tablename__ = "medication_request"

    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    code_system: Mapped[str] = mapped_column(server_default=text("'atc'"), info=PLAIN)
    code: Mapped[str] = mapped_column(info=SENSITIVE)
    status: Mapped[str] = mapped_column(server_default=text("'active'"), info=PLAIN)
    end_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    is_free: Mapped[bool | None] = mapped_column(info=PLAIN)
    dosage: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("status", ("active", "completed", "stopped", "cancelled")),
        Index("ix_medication_request_encounter", "encounter_id"),
        *fact_constraints("medication_request"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )


class Immunization(Fact, Base):
    """A vaccine dose given or refused."""

    __tablename__ = "immunization"

    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    code_system: Mapped[str] = mapped_column(server_default=text("'cvx'"), info=PLAIN)
    code: Mapped[str] = mapped_column(info=SENSITIVE)
    dose_number: Mapped[int | None] = mapped_column(info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'completed'"), info=PLAIN)
    lot_number: Mapped[str | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("status", ("completed", "refused", "contraindicated")),
        Index("ix_immunization_encounter", "encounter_id"),
        *fact_constraints("immunization"),
        {"schema": "visits", "info": exported(Subject.EVENT)},
    )
