"""Tables of schema ``personal_data``; none of them passes the gate. Those of storage stand in ``storage_models``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE
from ops_app.modules.personal_data.columns import TABLE, now, of_organization, of_patient, row_id
from ops_app.modules.personal_data.storage_models import ApplicationLimit, ArchiveMark, ExportDelivery, FacilityTerm

__all__ = [
    "ApplicationLimit",
    "ArchiveMark",
    "Cabinet",
    "CollectionNote",
    "Consent",
    "DataBlock",
    "DestructionAct",
    "Disclosure",
    "ExportDelivery",
    "FacilityTerm",
    "NoticeDay",
    "Representative",
    "StoredFile",
    "SubjectRequest",
]

PURPOSES = (
    "processing",
    "treatment",
    "record_view",
    "screening",
    "vaccination",
    "anaesthesia",
    "transfusion",
    "photo",
    "research",
    "teaching",
)
FORMS = ("paper", "electronic", "egov")
RELATIONS = ("parent", "guardian", "trustee", "attorney", "spouse", "other")
WAYS = ("patient", "representative", "submitted", "medical_records", "technology")
REQUEST_KINDS = ("information", "correction", "blocking", "unblocking", "destruction")
CHANNELS = ("office", "post", "email", "electronic")
REQUEST_STATES = ("received", "answered", "refused")
ACT_GROUNDS = ("violation", "term_ended")
BASES = ("subject", "consent", "care", "law", "exception")


class StoredFile(Base):
    """A scan or an electronic document, stored unchanged with its hash."""

    __tablename__ = "stored_file"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    file_name: Mapped[str] = mapped_column(info=FREE_TEXT)
    content_type: Mapped[str] = mapped_column(info=PLAIN)
    sha256: Mapped[str] = mapped_column(info=DIRECT)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, info=FREE_TEXT))
    stored_at: Mapped[dt.datetime] = now()
    stored_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (Index("ix_stored_file_patient", "patient_id"), TABLE)


class Representative(Base):
    """Who speaks for a person, since when and on what basis."""

    __tablename__ = "representative"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    name: Mapped[str] = mapped_column(info=DIRECT)
    iin: Mapped[str | None] = mapped_column(info=DIRECT)
    relation: Mapped[str] = mapped_column(info=PLAIN)
    basis: Mapped[str] = mapped_column(info=FREE_TEXT)
    """The document that proves it: kind, number, date."""
    valid_from: Mapped[dt.date] = mapped_column(info=PLAIN)
    valid_until: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    recorded_at: Mapped[dt.datetime] = now()
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("relation", RELATIONS),
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="ends_after_start"),
        Index("ix_representative_patient", "patient_id"),
        TABLE,
    )


class Consent(Base):
    """A consent of a person or his representative, or a refusal to give it."""

    __tablename__ = "consent"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    organization_id: Mapped[int] = of_organization()
    purpose: Mapped[str] = mapped_column(info=SENSITIVE)
    is_given: Mapped[bool] = mapped_column(info=PLAIN)
    scope: Mapped[str] = mapped_column(info=FREE_TEXT)
    """Which data or which intervention."""
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """Who else may look, for consents to look into the record."""
    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    form: Mapped[str] = mapped_column(info=PLAIN)
    representative_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.representative.id"), info=PLAIN)
    """None: given by the person."""
    given_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    valid_until: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.stored_file.id"), info=PLAIN)
    signer: Mapped[str | None] = mapped_column(info=DIRECT)
    """Whose signature the electronic document bears, as the certificate says."""
    reference: Mapped[str | None] = mapped_column(info=DIRECT)
    """The number in the state's service of access to personal data."""
    recorded_at: Mapped[dt.datetime] = now()
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    withdrawn_by: Mapped[str | None] = mapped_column(info=DIRECT)
    withdrawal_basis: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("purpose", PURPOSES),
        one_of("form", FORMS),
        CheckConstraint("valid_until is null or valid_until >= given_on", name="ends_after_start"),
        CheckConstraint("(purpose = 'record_view') = (recipient_id is not null)", name="recipient_named"),
        CheckConstraint("form = 'egov' or file_id is not null", name="file_stored"),
        CheckConstraint("form <> 'egov' or reference is not null", name="reference_given"),
        CheckConstraint("(withdrawn_at is null) = (withdrawal_basis is null)", name="withdrawn_with_basis"),
        Index("ix_consent_patient", "patient_id", "purpose"),
        Index("uq_consent_reference", "reference", unique=True, postgresql_where=text("form = 'egov'")),
        TABLE,
    )


class CollectionNote(Base):
    """From whom the data of a visit were collected, where it was not the usual way."""

    __tablename__ = "collection_note"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    encounter_id: Mapped[int] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    way: Mapped[str] = mapped_column(info=PLAIN)
    document: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    noted_at: Mapped[dt.datetime] = now()
    noted_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (one_of("way", WAYS), Index("ix_collection_note_patient", "patient_id"), TABLE)


class SubjectRequest(Base):
    """What a person or his representative asks of the keeper of his data, and what came of it."""

    __tablename__ = "subject_request"

    id: Mapped[int] = row_id()
    number: Mapped[str] = mapped_column(info=PLAIN)
    organization_id: Mapped[int] = of_organization()
    patient_id: Mapped[int] = of_patient()
    kind: Mapped[str] = mapped_column(info=PLAIN)
    channel: Mapped[str] = mapped_column(info=PLAIN)
    representative_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.representative.id"), info=PLAIN)
    received_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    due_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    """The last working day on which the answer is in time."""
    wish: Mapped[str] = mapped_column(info=FREE_TEXT)
    proof: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """Documents that confirm the grounds."""
    file_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.stored_file.id"), info=PLAIN)
    state: Mapped[str] = mapped_column(server_default=text("'received'"), info=PLAIN)
    refusal: Mapped[str | None] = mapped_column(info=PLAIN)
    outcome: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.document.id"), info=PLAIN)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=FREE_TEXT)
    """The three parts of the answer as they were issued."""
    registered_at: Mapped[dt.datetime] = now()
    registered_by: Mapped[str] = mapped_column(info=DIRECT)
    decided_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    decided_by: Mapped[str | None] = mapped_column(info=DIRECT)
    told_overdue_on: Mapped[dt.date | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("kind", REQUEST_KINDS),
        one_of("channel", CHANNELS),
        one_of("state", REQUEST_STATES),
        CheckConstraint("due_on > received_on", name="due_after_received"),
        CheckConstraint("(state = 'received') = (decided_at is null)", name="decided_at_known"),
        CheckConstraint("(state = 'refused') = (refusal is not null)", name="refused_with_reason"),
        Index("uq_subject_request_number", "organization_id", "number", unique=True),
        Index("ix_subject_request_patient", "patient_id"),
        Index("ix_subject_request_open", "due_on", postgresql_where=text("state = 'received'")),
        TABLE,
    )


class DataBlock(Base):
    """A time in which the data of a person are stored and neither used nor given out."""

    __tablename__ = "data_block"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    organization_id: Mapped[int] = of_organization()
    request_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.subject_request.id"), info=PLAIN)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    blocked_at: Mapped[dt.datetime] = now()
    blocked_by: Mapped[str] = mapped_column(info=DIRECT)
    until: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    """The last day of the block; None: until an officer lifts it."""
    lifted_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    lifted_by: Mapped[str | None] = mapped_column(info=DIRECT)
    lifting_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        CheckConstraint("(lifted_at is null) = (lifting_reason is null)", name="lifted_with_reason"),
        Index("uq_data_block_open", "patient_id", unique=True, postgresql_where=text("lifted_at is null")),
        TABLE,
    )


class DestructionAct(Base):
    """An act of destruction: drawn up by one officer, approved by another; what stays names nobody."""

    __tablename__ = "destruction_act"

    id: Mapped[int] = row_id()
    number: Mapped[str] = mapped_column(info=PLAIN)
    organization_id: Mapped[int] = of_organization()
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    """None after the destruction: the act leads to nobody."""
    records: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), info=PLAIN)
    request_number: Mapped[str | None] = mapped_column(info=PLAIN)
    ground: Mapped[str] = mapped_column(info=PLAIN)
    finding: Mapped[str] = mapped_column(info=FREE_TEXT)
    drawn_at: Mapped[dt.datetime] = now()
    drawn_by: Mapped[str] = mapped_column(info=DIRECT)
    approved_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    approved_by: Mapped[str | None] = mapped_column(info=DIRECT)
    executed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=PLAIN)
    """How many rows of each table lost what named the person."""

    __table_args__ = (
        one_of("ground", ACT_GROUNDS),
        CheckConstraint("(executed_at is null) = (patient_id is not null)", name="leads_to_nobody"),
        CheckConstraint("executed_at is null or approved_at is not null", name="approved_first"),
        CheckConstraint("approved_by is distinct from drawn_by or approved_by is null", name="two_people"),
        Index("uq_destruction_act_number", "organization_id", "number", unique=True),
        Index(
            "uq_destruction_act_waiting",
            "patient_id",
            unique=True,
            postgresql_where=text("executed_at is null"),
        ),
        TABLE,
    )


class Disclosure(Base):
    """Data of a person were given to somebody outside: what, to whom, for what and on what basis."""

    __tablename__ = "disclosure"

    id: Mapped[int] = row_id()
    patient_id: Mapped[int] = of_patient()
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    recipient: Mapped[str] = mapped_column(info=FREE_TEXT)
    purpose: Mapped[str] = mapped_column(info=FREE_TEXT)
    what: Mapped[str] = mapped_column(info=FREE_TEXT)
    basis: Mapped[str] = mapped_column(info=PLAIN)
    exception: Mapped[str | None] = mapped_column(info=PLAIN)
    """Code of the exception of the law that lets without consent."""
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("personal_data.consent.id"), info=PLAIN)
    document: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    """Number and date of the inquiry."""
    origin: Mapped[str] = mapped_column(info=PLAIN)
    """What wrote the row: the register itself, the export, the FHIR API, the outbox."""
    sha256: Mapped[str | None] = mapped_column(info=DIRECT)
    """Hash of the index of the files that were given."""
    given_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    times: Mapped[int] = mapped_column(server_default=text("1"), info=PLAIN)
    recorded_at: Mapped[dt.datetime] = now()
    recorded_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("basis", BASES),
        one_of("origin", ("register", "export", "fhir", "outbox")),
        CheckConstraint("(basis = 'exception') = (exception is not null)", name="exception_named"),
        CheckConstraint("(basis = 'consent') = (consent_id is not null)", name="consent_named"),
        Index("ix_disclosure_patient", "patient_id", "given_on"),
        Index("ix_disclosure_organization", "organization_id", "given_on"),
        Index(
            "uq_disclosure_api_day",
            "patient_id",
            "recorded_by",
            "given_on",
            unique=True,
            postgresql_where=text("origin = 'fhir'"),
        ),
        TABLE,
    )


class Cabinet(Base):
    """A person has a user's cabinet on the portal of the electronic government."""

    __tablename__ = "cabinet"

    patient_id: Mapped[int] = mapped_column(
        ForeignKey("patients.patient.id"), primary_key=True, autoincrement=False, info=PLAIN
    )
    is_registered: Mapped[bool] = mapped_column(info=PLAIN)
    changed_at: Mapped[dt.datetime] = now()
    changed_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (TABLE,)


class NoticeDay(Base):
    """A day of the journal that has been told to the people it is about."""

    __tablename__ = "notice_day"

    day: Mapped[dt.date] = mapped_column(primary_key=True, info=PLAIN)
    people: Mapped[int] = mapped_column(info=PLAIN)
    made_at: Mapped[dt.datetime] = now()

    __table_args__ = (TABLE,)
