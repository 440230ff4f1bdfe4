"""Tables of schema ``radiology``: what was ordered and done, what the pictures said, doses, ECG records.

The pictures themselves are indexed in schema ``imaging``.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from ops_app.kit.model import Base, Row, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, SENSITIVE, Subject, exported

MODALITIES = ("DX", "CR", "RF", "XA", "MG", "CT", "MR", "US", "NM", "PT", "ES", "ECG", "OT")
LATERALITIES = ("R", "L", "B")
PREGNANCIES = ("no", "possible", "pregnant")
REPORT_STATES = ("draft", "final", "replaced")
DOSE_SOURCES = ("dicom", "typed")

_TABLE = {"schema": "radiology", "info": exported(Subject.WITHHELD)}


class ImagingOrder(Row, Base):
    """What a request for imaging or an ECG says besides the referral, and when the person came and was done.

    A referral of the category imaging that was written without these answers has no row until its
    department takes it.
    """

    __tablename__ = "imaging_order"

    service_request_id: Mapped[int] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    modality: Mapped[str] = mapped_column(info=PLAIN)
    body_part: Mapped[str | None] = mapped_column(info=SENSITIVE)
    """DICOM's word (CID 4), such as CHEST."""
    laterality: Mapped[str | None] = mapped_column(info=PLAIN)
    pregnancy: Mapped[str | None] = mapped_column(info=SENSITIVE)
    is_contrast: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    contrast_risks: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    arrived_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    arrived_by: Mapped[str | None] = mapped_column(info=DIRECT)
    performed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    performed_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("modality", MODALITIES),
        one_of("laterality", LATERALITIES),
        one_of("pregnancy", PREGNANCIES),
        Index("uq_imaging_order_service_request", "service_request_id", unique=True),
        _TABLE,
    )


class Recording(Row, Base):
    """A WFDB record as it was brought: header and signal files byte for byte, and what they hold."""

    __tablename__ = "recording"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    service_request_id: Mapped[int | None] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    name: Mapped[str] = mapped_column(info=FREE_TEXT)
    recorded_on: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    """When the signal was taken; the moment of receipt where the record does not say."""
    seconds: Mapped[float] = mapped_column(info=PLAIN)
    leads: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, info=PLAIN)
    """Name, unit, rate, least and greatest value of each."""
    received_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        Index("ix_recording_patient", "patient_id", "recorded_on"),
        Index("ix_recording_service_request", "service_request_id"),
        _TABLE,
    )


class RecordingFile(Row, Base):
    """One file of a record."""

    __tablename__ = "recording_file"

    recording_id: Mapped[int] = mapped_column(ForeignKey("radiology.recording.id"), info=PLAIN)
    name: Mapped[str] = mapped_column(info=FREE_TEXT)
    sha256: Mapped[str] = mapped_column(info=PLAIN)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, info=FREE_TEXT))

    __table_args__ = (Index("uq_recording_file_name", "recording_id", "name", unique=True), _TABLE)


class Report(Row, Base):
    """What a study or a recording showed. A corrected report is a new row that names the one it replaces."""

    __tablename__ = "report"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("organizations.practitioner.id"), info=PLAIN)
    study_id: Mapped[int | None] = mapped_column(ForeignKey("imaging.study.id"), info=PLAIN)
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("radiology.recording.id"), info=PLAIN)
    service_request_id: Mapped[int | None] = mapped_column(ForeignKey("visits.service_request.id"), info=PLAIN)
    status: Mapped[str] = mapped_column(server_default=text("'draft'"), info=PLAIN)
    template: Mapped[str] = mapped_column(info=PLAIN)
    template_version: Mapped[int] = mapped_column(info=PLAIN)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, info=FREE_TEXT)
    shown: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"), info=FREE_TEXT)
    """Questions and answers in words as they were when it was finished, in the language of the document."""
    projection: Mapped[str | None] = mapped_column(info=PLAIN)
    conclusion: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    recommendation: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    icd10: Mapped[str | None] = mapped_column(info=SENSITIVE)
    is_critical: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    told_to: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    language: Mapped[str] = mapped_column(server_default=text("'kk'"), info=PLAIN)
    finished_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.document.id"), info=PLAIN)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("radiology.report.id"), info=PLAIN)
    correction_reason: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    written_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("status", REPORT_STATES),
        one_of("language", ("kk", "ru")),
        CheckConstraint("num_nonnulls(study_id, recording_id) = 1", name="about_one_thing"),
        CheckConstraint("status = 'draft' or (finished_at is not null and conclusion is not null)", name="finished"),
        CheckConstraint("(corrects_id is null) = (correction_reason is null)", name="corrected_for_a_reason"),
        Index(
            "uq_report_study",
            "study_id",
            unique=True,
            postgresql_where=text("study_id is not null and status = 'final'"),
        ),
        Index(
            "uq_report_recording",
            "recording_id",
            unique=True,
            postgresql_where=text("recording_id is not null and status = 'final'"),
        ),
        Index("uq_report_corrects", "corrects_id", unique=True, postgresql_where=text("status <> 'draft'")),
        Index("ix_report_patient", "patient_id", "finished_at"),
        Index("ix_report_service_request", "service_request_id"),
        Index("ix_report_of_study", "study_id", "id"),
        _TABLE,
    )


class Exposure(Row, Base):
    """The dose of one examination for the person's register; ``withdrawn_at`` when its report was corrected."""

    __tablename__ = "exposure"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.patient.id"), info=PLAIN)
    report_id: Mapped[int] = mapped_column(ForeignKey("radiology.report.id"), info=PLAIN)
    performed_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    modality: Mapped[str] = mapped_column(info=PLAIN)
    body_part: Mapped[str | None] = mapped_column(info=SENSITIVE)
    projection: Mapped[str | None] = mapped_column(info=PLAIN)
    effective_msv: Mapped[float | None] = mapped_column(info=PLAIN)
    dap_dgycm2: Mapped[float | None] = mapped_column(info=PLAIN)
    ctdivol_mgy: Mapped[float | None] = mapped_column(info=PLAIN)
    source: Mapped[str] = mapped_column(info=PLAIN)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("source", DOSE_SOURCES),
        CheckConstraint("num_nonnulls(effective_msv, dap_dgycm2, ctdivol_mgy) > 0", name="says_a_dose"),
        Index("ix_exposure_patient", "patient_id", "performed_at"),
        Index("ix_exposure_report", "report_id"),
        _TABLE,
    )


class KeyImage(Row, Base):
    """A frame somebody marked as telling."""

    __tablename__ = "key_image"

    study_id: Mapped[int] = mapped_column(ForeignKey("imaging.study.id"), info=PLAIN)
    instance_id: Mapped[int] = mapped_column(ForeignKey("imaging.instance.id"), info=PLAIN)
    frame: Mapped[int] = mapped_column(info=PLAIN)
    marked_by: Mapped[str] = mapped_column(info=DIRECT)
    unmarked_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    unmarked_by: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        CheckConstraint("frame > 0", name="counts_from_one"),
        CheckConstraint("(unmarked_at is null) = (unmarked_by is null)", name="unmarked_by_somebody"),
        Index("uq_key_image_frame", "instance_id", "frame", unique=True, postgresql_where=text("unmarked_at is null")),
        Index("ix_key_image_study", "study_id"),
        _TABLE,
    )
