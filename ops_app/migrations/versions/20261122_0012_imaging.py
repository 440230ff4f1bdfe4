"""Images: the index of stored DICOM objects, who they belong to, performed steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("study", "performed_step", "reconciliation", "series", "instance", "instance_conflict")


def upgrade() -> None:
    op.execute("create schema if not exists imaging")
    op.create_table(
        "performed_step",
        sa.Column("sop_uid", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("service_request_id", sa.BigInteger(), nullable=True),
        sa.Column("study_uid", sa.Text(), nullable=True),
        sa.Column("accession_number", sa.Text(), nullable=True),
        sa.Column("modality", sa.Text(), nullable=True),
        sa.Column("calling_ae", sa.Text(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('in_progress', 'completed', 'discontinued')", name=op.f("ck_performed_step_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_performed_step_service_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performed_step")),
        schema="imaging",
    )
    op.create_index(
        "ix_performed_step_service_request", "performed_step", ["service_request_id"], unique=False, schema="imaging"
    )
    op.create_index("ix_performed_step_study", "performed_step", ["study_uid"], unique=False, schema="imaging")
    op.create_index("uq_performed_step_sop_uid", "performed_step", ["sop_uid"], unique=True, schema="imaging")
    op.create_table(
        "study",
        sa.Column("study_uid", sa.Text(), nullable=False),
        sa.Column("split_from_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("match_state", sa.Text(), nullable=False),
        sa.Column("match_reason", sa.Text(), nullable=False),
        sa.Column("sent_patient_id", sa.Text(), nullable=True),
        sa.Column("sent_issuer", sa.Text(), nullable=True),
        sa.Column("sent_name", sa.Text(), nullable=True),
        sa.Column("sent_birth_date", sa.Text(), nullable=True),
        sa.Column("sent_sex", sa.Text(), nullable=True),
        sa.Column("accession_number", sa.Text(), nullable=True),
        sa.Column("service_request_id", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("calling_ae", sa.Text(), nullable=True),
        sa.Column("modalities", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("study_number", sa.Text(), nullable=True),
        sa.Column("referring_physician", sa.Text(), nullable=True),
        sa.Column("institution_name", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("series_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("instance_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'available'"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(match_state = 'matched') = (patient_id is not null)", name=op.f("ck_study_matched_to_somebody")
        ),
        sa.CheckConstraint("(state = 'removed') = (removed_at is not null)", name=op.f("ck_study_removed_when")),
        sa.CheckConstraint(
            "match_state in ('matched', 'unmatched', 'conflict')", name=op.f("ck_study_match_state_known")
        ),
        sa.CheckConstraint("state in ('available', 'removed')", name=op.f("ck_study_state_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_study_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_study_patient_id")),
        sa.ForeignKeyConstraint(
            ["service_request_id"], ["visits.service_request.id"], name=op.f("fk_study_service_request_id")
        ),
        sa.ForeignKeyConstraint(["split_from_id"], ["imaging.study.id"], name=op.f("fk_study_split_from_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        schema="imaging",
    )
    op.create_index("ix_study_accession", "study", ["accession_number"], unique=False, schema="imaging")
    op.create_index("ix_study_patient", "study", ["patient_id", "started_at"], unique=False, schema="imaging")
    op.create_index("ix_study_service_request", "study", ["service_request_id"], unique=False, schema="imaging")
    op.create_index(
        "ix_study_split_from",
        "study",
        ["split_from_id"],
        unique=False,
        schema="imaging",
        postgresql_where=sa.text("split_from_id is not null"),
    )
    op.create_index("ix_study_started", "study", ["started_at"], unique=False, schema="imaging")
    op.create_index(
        "ix_study_to_reconcile",
        "study",
        ["organization_id", "received_at"],
        unique=False,
        schema="imaging",
        postgresql_where=sa.text("match_state <> 'matched' and state = 'available'"),
    )
    op.create_index("uq_study_uid", "study", ["study_uid"], unique=True, schema="imaging")
    op.create_table(
        "reconciliation",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('assign', 'unassign', 'split', 'choose_copy')", name=op.f("ck_reconciliation_kind_known")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["imaging.study.id"], name=op.f("fk_reconciliation_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        schema="imaging",
    )
    op.create_index("ix_reconciliation_study", "reconciliation", ["study_id", "id"], unique=False, schema="imaging")
    op.create_table(
        "series",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("series_uid", sa.Text(), nullable=False),
        sa.Column("modality", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("body_part", sa.Text(), nullable=True),
        sa.Column("laterality", sa.Text(), nullable=True),
        sa.Column("protocol_name", sa.Text(), nullable=True),
        sa.Column("station_name", sa.Text(), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("instance_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["imaging.study.id"], name=op.f("fk_series_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        schema="imaging",
    )
    op.create_index("ix_series_study", "series", ["study_id", "number"], unique=False, schema="imaging")
    op.create_index("uq_series_uid", "series", ["series_uid"], unique=True, schema="imaging")
    op.create_table(
        "instance",
        sa.Column("series_id", sa.BigInteger(), nullable=False),
        sa.Column("sop_uid", sa.Text(), nullable=False),
        sa.Column("sop_class_uid", sa.Text(), nullable=False),
        sa.Column("transfer_syntax_uid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("frames", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("columns", sa.BigInteger(), nullable=True),
        sa.Column("bits_allocated", sa.BigInteger(), nullable=True),
        sa.Column("photometric", sa.Text(), nullable=True),
        sa.Column("projection", sa.Text(), nullable=True),
        sa.Column("laterality", sa.Text(), nullable=True),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dose", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("calling_ae", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "channel in ('dicom', 'dicomweb', 'upload', 'media')", name=op.f("ck_instance_channel_known")
        ),
        sa.CheckConstraint(
            "kind in ('image', 'waveform', 'report', 'document', 'video', 'other')", name=op.f("ck_instance_kind_known")
        ),
        sa.ForeignKeyConstraint(["series_id"], ["imaging.series.id"], name=op.f("fk_instance_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        schema="imaging",
    )
    op.create_index("ix_instance_path", "instance", ["path"], unique=False, schema="imaging")
    op.create_index("ix_instance_series", "instance", ["series_id", "number"], unique=False, schema="imaging")
    op.create_index("uq_instance_sop_uid", "instance", ["sop_uid"], unique=True, schema="imaging")
    op.create_table(
        "instance_conflict",
        sa.Column("instance_id", sa.BigInteger(), nullable=False),
        sa.Column("transfer_syntax_uid", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sent", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("calling_ae", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "decision in ('kept_first', 'took_other')", name=op.f("ck_instance_conflict_decision_known")
        ),
        sa.CheckConstraint("(decision is null) = (decided_at is null)", name=op.f("ck_instance_conflict_decided_when")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["imaging.instance.id"], name=op.f("fk_instance_conflict_instance_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance_conflict")),
        schema="imaging",
    )
    op.create_index(
        "ix_instance_conflict_open",
        "instance_conflict",
        ["received_at"],
        unique=False,
        schema="imaging",
        postgresql_where=sa.text("decision is null"),
    )
    op.create_index("ix_instance_conflict_path", "instance_conflict", ["path"], unique=False, schema="imaging")
    op.create_index(
        "uq_instance_conflict_sha256",
        "instance_conflict",
        ["instance_id", "sha256"],
        unique=True,
        schema="imaging",
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema="imaging")
