"""Tables of schema ``imaging``: the index of stored DICOM objects; the bytes are files and never change.

What a device sent about the person (``sent_*``) is kept as it came. ``patient_id`` is what matching or a
member of staff made of it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Subject, exported

MATCH_STATES = ("matched", "unmatched", "conflict")
STUDY_STATES = ("available", "removed")
INSTANCE_KINDS = ("image", "waveform", "report", "document", "video", "other")
RECONCILIATIONS = ("assign", "unassign", "split", "choose_copy")
STEP_STATES = ("in_progress", "completed", "discontinued")

_TABLE = {"schema": "imaging", "info": exported(Subject.WITHHELD)}


class Study(Row, Base):
    """A study as its objects arrived.

    ``conflict`` means that objects of one study UID name different people, or that the person they name
    contradicts the order; nobody's card shows such a study until it is decided.
    """

    __tablename__ = "study"

    study_uid: Mapped[str] = mapped_column(info=PLAIN)
    """The UID under which the study is offered; of a part split off, a UID of its own."""
    split_from_id: Mapped[int | None] = mapped_column(ForeignKey("imaging.study.id"), info=PLAIN)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    match_state: Mapped[str] = mapped_column(info=PLAIN)
    match_reason: Mapped[str] = mapped_column(info=PLAIN)
    """By which rule it was matched, or why it was not."""
    sent_patient_id: Mapped[str | None] = mapped_column(info=DIRECT)
    sent_issuer: Mapped[str | None] = mapped_column(info=DIRECT)
    sent_name: Mapped[str | None] = mapped_column(info=DIRECT)
    sent_birth_date: Mapped[str | None] = mapped_column(info=DIRECT)
    sent_sex: Mapped[str | None] = mapped_column(info=DIRECT)
    accession_number: Mapped[str | None] = mapped_column(info=DIRECT)
    service_request_id: Mapped[int | None] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """Where it was made: of the device, else of the order, else the one that takes unknown senders' studies."""
    device_id: Mapped[int | None] = mapped_column(info=PLAIN)
    calling_ae: Mapped[str | None] = mapped_column(info=PLAIN)
    modalities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), info=PLAIN)
    description: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    study_number: Mapped[str | None] = mapped_column(info=DIRECT)
    """StudyID (0020,0010), which devices print on films."""
    referring_physician: Mapped[str | None] = mapped_column(info=DIRECT)
    institution_name: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    started_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    series_count: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    instance_count: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    bytes: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    state: Mapped[str] = mapped_column(server_default=text("'available'"), info=PLAIN)
    removed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    received_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    last_received_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("match_state", MATCH_STATES),
        one_of("state", STUDY_STATES),
        CheckConstraint("(match_state = 'matched') = (patient_id is not null)", name="matched_to_somebody"),
        CheckConstraint("(state = 'removed') = (removed_at is not null)", name="removed_when"),
        Index("uq_study_uid", "study_uid", unique=True),
        Index("ix_study_patient", "patient_id", "started_at"),
        Index("ix_study_accession", "accession_number"),
        Index("ix_study_service_request", "service_request_id"),
        Index("ix_study_split_from", "split_from_id", postgresql_where=text("split_from_id is not null")),
        Index("ix_study_started", "started_at"),
        Index(
            "ix_study_to_reconcile",
            "organization_id",
            "received_at",
            postgresql_where=text("match_state <> 'matched' and state = 'available'"),
        ),
        _TABLE,
    )


class Series(Row, Base):
    """A series; ``sent`` is the person its first object named, so that a mixed study can be split."""

    __tablename__ = "series"

    study_id: Mapped[int] = mapped_column(ForeignKey("imaging.study.id"), info=PLAIN)
    series_uid: Mapped[str] = mapped_column(info=PLAIN)
    modality: Mapped[str | None] = mapped_column(info=PLAIN)
    number: Mapped[int | None] = mapped_column(info=PLAIN)
    description: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    body_part: Mapped[str | None] = mapped_column(info=PLAIN)
    laterality: Mapped[str | None] = mapped_column(info=PLAIN)
    protocol_name: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    station_name: Mapped[str | None] = mapped_column(info=PLAIN)
    manufacturer: Mapped[str | None] = mapped_column(info=PLAIN)
    model: Mapped[str | None] = mapped_column(info=PLAIN)
    started_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    sent: Mapped[dict[str, Any]] = mapped_column(JSONB, info=DIRECT)
    instance_count: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    bytes: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)

    __table_args__ = (
        Index("uq_series_uid", "series_uid", unique=True),
        Index("ix_series_study", "study_id", "number"),
        _TABLE,
    )


class Instance(Row, Base):
    """One stored object. ``path`` is relative to the folder of images; ``sha256`` is of the whole file."""

    __tablename__ = "instance"

    series_id: Mapped[int] = mapped_column(ForeignKey("imaging.series.id"), info=PLAIN)
    sop_uid: Mapped[str] = mapped_column(info=PLAIN)
    sop_class_uid: Mapped[str] = mapped_column(info=PLAIN)
    transfer_syntax_uid: Mapped[str] = mapped_column(info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    number: Mapped[int | None] = mapped_column(info=PLAIN)
    frames: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    """Frames of an image; 0 of what has no pixels."""
    rows: Mapped[int | None] = mapped_column(info=PLAIN)
    columns: Mapped[int | None] = mapped_column(info=PLAIN)
    bits_allocated: Mapped[int | None] = mapped_column(info=PLAIN)
    photometric: Mapped[str | None] = mapped_column(info=PLAIN)
    projection: Mapped[str | None] = mapped_column(info=PLAIN)
    """View position such as PA, LL, MLO."""
    laterality: Mapped[str | None] = mapped_column(info=PLAIN)
    acquired_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    dose: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=PLAIN)
    """What the header says of the exposure: kvp, exposure_mas, dap_dgycm2, ctdivol_mgy, entrance_dose_mgy …"""
    bytes: Mapped[int] = mapped_column(info=PLAIN)
    sha256: Mapped[str] = mapped_column(info=PLAIN)
    path: Mapped[str] = mapped_column(info=PLAIN)
    channel: Mapped[str] = mapped_column(info=PLAIN)
    calling_ae: Mapped[str | None] = mapped_column(info=PLAIN)
    received_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("kind", INSTANCE_KINDS),
        one_of("channel", ("dicom", "dicomweb", "upload", "media")),
        Index("uq_instance_sop_uid", "sop_uid", unique=True),
        Index("ix_instance_series", "series_id", "number"),
        Index("ix_instance_path", "path"),
        _TABLE,
    )


class InstanceConflict(Row, Base):
    """Other bytes under the UID of a stored object: kept beside it until somebody chooses."""

    __tablename__ = "instance_conflict"

    instance_id: Mapped[int] = mapped_column(ForeignKey("imaging.instance.id"), info=PLAIN)
    transfer_syntax_uid: Mapped[str] = mapped_column(info=PLAIN)
    bytes: Mapped[int] = mapped_column(info=PLAIN)
    sha256: Mapped[str] = mapped_column(info=PLAIN)
    path: Mapped[str] = mapped_column(info=PLAIN)
    sent: Mapped[dict[str, Any]] = mapped_column(JSONB, info=DIRECT)
    channel: Mapped[str] = mapped_column(info=PLAIN)
    calling_ae: Mapped[str | None] = mapped_column(info=PLAIN)
    received_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    decision: Mapped[str | None] = mapped_column(info=PLAIN)
    decided_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    decided_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("decision", ("kept_first", "took_other")),
        CheckConstraint("(decision is null) = (decided_at is null)", name="decided_when"),
        Index("uq_instance_conflict_sha256", "instance_id", "sha256", unique=True),
        Index("ix_instance_conflict_path", "path"),
        Index("ix_instance_conflict_open", "received_at", postgresql_where=text("decision is null")),
        _TABLE,
    )


class Reconciliation(Row, Base):
    """A decision about whom a study belongs to, with what was before, so that it can be undone."""

    __tablename__ = "reconciliation"

    study_id: Mapped[int] = mapped_column(ForeignKey("imaging.study.id"), info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, info=DIRECT)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB, info=DIRECT)
    decided_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    decided_by: Mapped[str] = mapped_column(info=DIRECT)
    undone_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    undone_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("kind", RECONCILIATIONS),
        Index("ix_reconciliation_study", "study_id", "id"),
        _TABLE,
    )


class PerformedStep(Row, Base):
    """What a device says it is doing or did (MPPS), tied to the order when its numbers name one."""

    __tablename__ = "performed_step"

    sop_uid: Mapped[str] = mapped_column(info=PLAIN)
    state: Mapped[str] = mapped_column(info=PLAIN)
    service_request_id: Mapped[int | None] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    study_uid: Mapped[str | None] = mapped_column(info=PLAIN)
    accession_number: Mapped[str | None] = mapped_column(info=DIRECT)
    modality: Mapped[str | None] = mapped_column(info=PLAIN)
    calling_ae: Mapped[str | None] = mapped_column(info=PLAIN)
    device_id: Mapped[int | None] = mapped_column(info=PLAIN)
    started_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    ended_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, info=DIRECT)
    """The data set as DICOM JSON, changes merged in."""

    __table_args__ = (
        one_of("state", STEP_STATES),
        Index("uq_performed_step_sop_uid", "sop_uid", unique=True),
        Index("ix_performed_step_service_request", "service_request_id"),
        Index("ix_performed_step_study", "study_uid"),
        _TABLE,
    )


class CommitmentReport(Base):
    """An answer that a device has not heard yet: which of the objects it asked about are stored."""

    __tablename__ = "commitment_report"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    calling_ae: Mapped[str] = mapped_column(info=PLAIN)
    transaction_uid: Mapped[str] = mapped_column(info=PLAIN)
    asked: Mapped[list[list[str]]] = mapped_column(JSONB, info=PLAIN)
    """Pairs of SOP class and SOP instance UID."""
    asked_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    attempts: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    next_attempt_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    given_up_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    """The device could not be reached for too long; somebody decides."""

    __table_args__ = (
        Index("uq_commitment_report", "calling_ae", "transaction_uid", unique=True),
        Index("ix_commitment_report_due", "next_attempt_at"),
        _TABLE,
    )
