"""Radiology: orders, recordings, reports, doses, key images."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = ("key_image", "exposure", "report", "recording_file", "recording", "imaging_order")


def upgrade() -> None:
    op.execute("create schema if not exists radiology")
    op.create_table(
        "imaging_order",
        sa.Column("service_request_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("modality", sa.Text(), nullable=False),
        sa.Column("body_part", sa.Text(), nullable=True),
        sa.Column("laterality", sa.Text(), nullable=True),
        sa.Column("pregnancy", sa.Text(), nullable=True),
        sa.Column("is_contrast", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("contrast_risks", sa.Text(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_by", sa.Text(), nullable=True),
        sa.Column("performed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("performed_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("laterality in ('R', 'L', 'B')", name=op.f("ck_imaging_order_laterality_known")),
        sa.CheckConstraint(
            "modality in ('DX', 'CR', 'RF', 'XA', 'MG', 'CT', 'MR', 'US', 'NM', 'PT', 'ES', 'ECG', 'OT')",
            name=op.f("ck_imaging_order_modality_known"),
        ),
        sa.CheckConstraint(
            "pregnancy in ('no', 'possible', 'pregnant')", name=op.f("ck_imaging_order_pregnancy_known")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_imaging_order_patient_id")),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_imaging_order_service_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imaging_order")),
        schema="radiology",
    )
    op.create_index(
        "uq_imaging_order_service_request", "imaging_order", ["service_request_id"], unique=True, schema="radiology"
    )
    op.create_table(
        "recording",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("service_request_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("leads", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_recording_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_recording_patient_id")),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_recording_service_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        schema="radiology",
    )
    op.create_index(
        "ix_recording_patient", "recording", ["patient_id", "recorded_on"], unique=False, schema="radiology"
    )
    op.create_index(
        "ix_recording_service_request", "recording", ["service_request_id"], unique=False, schema="radiology"
    )
    op.create_table(
        "recording_file",
        sa.Column("recording_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["radiology.recording.id"], name=op.f("fk_recording_file_recording_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_file")),
        schema="radiology",
    )
    op.create_index(
        "uq_recording_file_name", "recording_file", ["recording_id", "name"], unique=True, schema="radiology"
    )
    op.create_table(
        "report",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=False),
        sa.Column("study_id", sa.BigInteger(), nullable=True),
        sa.Column("recording_id", sa.BigInteger(), nullable=True),
        sa.Column("service_request_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("template_version", sa.BigInteger(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shown", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("projection", sa.Text(), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("recommendation", sa.Text(), nullable=True),
        sa.Column("icd10", sa.Text(), nullable=True),
        sa.Column("is_critical", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("told_to", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default=sa.text("'kk'"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language in ('kk', 'ru')", name=op.f("ck_report_language_known")),
        sa.CheckConstraint(
            "status = 'draft' or (finished_at is not null and conclusion is not null)", name=op.f("ck_report_finished")
        ),
        sa.CheckConstraint("status in ('draft', 'final', 'replaced')", name=op.f("ck_report_status_known")),
        sa.CheckConstraint(
            "(corrects_id is null) = (correction_reason is null)", name=op.f("ck_report_corrected_for_a_reason")
        ),
        sa.CheckConstraint("num_nonnulls(study_id, recording_id) = 1", name=op.f("ck_report_about_one_thing")),
        sa.ForeignKeyConstraint(["corrects_id"], ["radiology.report.id"], name=op.f("fk_report_corrects_id")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.document.id"], name=op.f("fk_report_document_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_report_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_report_patient_id")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_report_practitioner_id")
        ),
        sa.ForeignKeyConstraint(["recording_id"], ["radiology.recording.id"], name=op.f("fk_report_recording_id")),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_report_service_request_id")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["imaging.study.id"], name=op.f("fk_report_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        schema="radiology",
    )
    op.create_index("ix_report_of_study", "report", ["study_id", "id"], unique=False, schema="radiology")
    op.create_index("ix_report_patient", "report", ["patient_id", "finished_at"], unique=False, schema="radiology")
    op.create_index("ix_report_service_request", "report", ["service_request_id"], unique=False, schema="radiology")
    op.create_index(
        "uq_report_corrects",
        "report",
        ["corrects_id"],
        unique=True,
        schema="radiology",
        postgresql_where=sa.text("status <> 'draft'"),
    )
    op.create_index(
        "uq_report_recording",
        "report",
        ["recording_id"],
        unique=True,
        schema="radiology",
        postgresql_where=sa.text("recording_id is not null and status = 'final'"),
    )
    op.create_index(
        "uq_report_study",
        "report",
        ["study_id"],
        unique=True,
        schema="radiology",
        postgresql_where=sa.text("study_id is not null and status = 'final'"),
    )
    op.create_table(
        "exposure",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("performed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modality", sa.Text(), nullable=False),
        sa.Column("body_part", sa.Text(), nullable=True),
        sa.Column("projection", sa.Text(), nullable=True),
        sa.Column("effective_msv", sa.Double(), nullable=True),
        sa.Column("dap_dgycm2", sa.Double(), nullable=True),
        sa.Column("ctdivol_mgy", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("source in ('dicom', 'typed')", name=op.f("ck_exposure_source_known")),
        sa.CheckConstraint(
            "num_nonnulls(effective_msv, dap_dgycm2, ctdivol_mgy) > 0", name=op.f("ck_exposure_says_a_dose")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_exposure_patient_id")),
        sa.ForeignKeyConstraint(["report_id"], ["radiology.report.id"], name=op.f("fk_exposure_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exposure")),
        schema="radiology",
    )
    op.create_index("ix_exposure_patient", "exposure", ["patient_id", "performed_at"], unique=False, schema="radiology")
    op.create_index("ix_exposure_report", "exposure", ["report_id"], unique=False, schema="radiology")
    op.create_table(
        "key_image",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.BigInteger(), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.Column("unmarked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unmarked_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(unmarked_at is null) = (unmarked_by is null)", name=op.f("ck_key_image_unmarked_by_somebody")
        ),
        sa.CheckConstraint("frame > 0", name=op.f("ck_key_image_counts_from_one")),
        sa.ForeignKeyConstraint(["instance_id"], ["imaging.instance.id"], name=op.f("fk_key_image_instance_id")),
        sa.ForeignKeyConstraint(["study_id"], ["imaging.study.id"], name=op.f("fk_key_image_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_image")),
        schema="radiology",
    )
    op.create_index("ix_key_image_study", "key_image", ["study_id"], unique=False, schema="radiology")
    op.create_index(
        "uq_key_image_frame",
        "key_image",
        ["instance_id", "frame"],
        unique=True,
        schema="radiology",
        postgresql_where=sa.text("unmarked_at is null"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="radiology")
    op.execute("drop schema radiology")
