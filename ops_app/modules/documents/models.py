"""Tables of schema ``documents``; a trigger refuses to change what was once signed or shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Subject, exported

STATUSES = ("formed", "signed", "annulled", "replaced")
RECEIVED_STATES = ("current", "replaced", "cancelled")

_TABLE = {"schema": "documents", "info": exported(Subject.WITHHELD)}


class NumberCounter(Base):
    """The last number given to a kind of document by an organisation in a year."""

    __tablename__ = "number_counter"

    kind: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.organization.id"), primary_key=True, info=PLAIN
    )
    year: Mapped[int] = mapped_column(primary_key=True, info=PLAIN)
    last: Mapped[int] = mapped_column(info=PLAIN)

    __table_args__ = (_TABLE,)


class Document(Base):
    """A document as it was formed: its data, its PDF and the hash of both stay as they are."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    declaration: Mapped[str] = mapped_column(info=PLAIN)
    """Version of the declaration it was formed by."""
    language: Mapped[str] = mapped_column(info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    encounter_id: Mapped[int | None] = mapped_column(ForeignKey("visits.encounter.id"), info=PLAIN)
    encounter_version: Mapped[int | None] = mapped_column(info=PLAIN)
    """Version of the visit it was formed from; another one now means the record changed since."""
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    """Who has to sign."""
    year: Mapped[int] = mapped_column(info=PLAIN)
    sequence: Mapped[int] = mapped_column(info=PLAIN)
    version: Mapped[int] = mapped_column(info=PLAIN)
    number: Mapped[str] = mapped_column(info=PLAIN)
    check_code: Mapped[str] = mapped_column(info=PLAIN)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    pdf: Mapped[bytes] = deferred(mapped_column(LargeBinary, info=FREE_TEXT))
    pdf_sha256: Mapped[str] = mapped_column(info=PLAIN)
    signature_required: Mapped[bool] = mapped_column(info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'formed'"), info=PLAIN)
    formed_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    formed_by: Mapped[str] = mapped_column(info=DIRECT)
    signed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("documents.document.id"), info=PLAIN)
    annulled_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    annulled_by: Mapped[str | None] = mapped_column(info=DIRECT)
    annul_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        one_of("status", STATUSES),
        one_of("language", ("kk", "ru")),
        CheckConstraint("sequence > 0 and version > 0", name="counts_from_one"),
        CheckConstraint("(status = 'annulled') = (annul_reason is not null)", name="annulled_with_reason"),
        Index("uq_document_number", "kind", "organization_id", "year", "sequence", "version", unique=True),
        Index("uq_document_check_code", "check_code", unique=True),
        Index("ix_document_patient", "patient_id", "formed_at"),
        Index("ix_document_organization", "organization_id", "formed_at"),
        Index("ix_document_encounter", "encounter_id"),
        Index(
            "ix_document_to_sign",
            "practitioner_id",
            "formed_at",
            postgresql_where=text("status = 'formed'"),
        ),
        _TABLE,
    )


class DocumentSignature(Base):
    """A detached CMS over a document, byte for byte, with what was found when it came."""

    __tablename__ = "document_signature"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.document.id"), info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    cms: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    cms_sha256: Mapped[str] = mapped_column(info=PLAIN)
    signer_name: Mapped[str] = mapped_column(info=DIRECT)
    signer_iin: Mapped[str] = mapped_column(info=DIRECT)
    certificate_serial: Mapped[str] = mapped_column(info=DIRECT)
    received_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    verdict: Mapped[dict[str, Any]] = mapped_column(JSONB, info=DIRECT)

    __table_args__ = (
        Index("uq_document_signature", "document_id", "signer_iin", unique=True),
        _TABLE,
    )


class Evidence(Base):
    """A certificate, revocation list, OCSP answer or time stamp; one that many signatures share is kept once."""

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    sha256: Mapped[str] = mapped_column(info=PLAIN)
    content: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)

    __table_args__ = (
        one_of("kind", ("certificate", "crl", "ocsp", "time_stamp")),
        Index("uq_evidence_sha256", "sha256", unique=True),
        _TABLE,
    )


class SignatureEvidence(Base):
    """Which evidence a signature was accepted on."""

    __tablename__ = "signature_evidence"

    signature_id: Mapped[int] = mapped_column(
        ForeignKey("documents.document_signature.id"), primary_key=True, info=PLAIN
    )
    evidence_id: Mapped[int] = mapped_column(ForeignKey("documents.evidence.id"), primary_key=True, info=PLAIN)

    __table_args__ = (_TABLE,)


class ReceivedDocument(Base):
    """A document another system sent; a replaced or cancelled one stays, marked so."""

    __tablename__ = "received_document"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    sender: Mapped[str] = mapped_column(info=PLAIN)
    number: Mapped[str] = mapped_column(info=DIRECT)
    """The sender's number of it."""
    kind: Mapped[str | None] = mapped_column(info=PLAIN)
    """Its type in the sender's words."""
    title: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    author: Mapped[str | None] = mapped_column(info=DIRECT)
    written_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    completion: Mapped[str | None] = mapped_column(info=PLAIN)
    """How far it is signed there: HL7 table 0271."""
    sha256: Mapped[str] = mapped_column(info=DIRECT)
    """Of all its parts in order."""
    state: Mapped[str] = mapped_column(server_default=text("'current'"), info=PLAIN)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("documents.received_document.id"), info=PLAIN)
    adds_to_id: Mapped[int | None] = mapped_column(ForeignKey("documents.received_document.id"), info=PLAIN)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("ingest.message.id"), info=PLAIN)
    received_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    ended_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    """When it was replaced or cancelled."""

    __table_args__ = (
        one_of("state", RECEIVED_STATES),
        CheckConstraint("(state = 'current') = (ended_at is null)", name="ended_unless_current"),
        Index(
            "uq_received_document_current",
            "sender",
            "number",
            unique=True,
            postgresql_where=text("state = 'current'"),
        ),
        Index("ix_received_document_number", "sender", "number"),
        Index("ix_received_document_patient", "patient_id", "received_at"),
        Index("ix_received_document_message", "message_id"),
        _TABLE,
    )


class ReceivedPart(Base):
    """A text or file of a received document, byte for byte."""

    __tablename__ = "received_part"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.received_document.id"), info=PLAIN)
    position: Mapped[int] = mapped_column(info=PLAIN)
    content_type: Mapped[str] = mapped_column(info=PLAIN)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, info=FREE_TEXT)

    __table_args__ = (Index("uq_received_part", "document_id", "position", unique=True), _TABLE)
