"""The archive of inbound messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema if not exists ingest")
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=True),
        sa.Column("message_type", sa.Text(), nullable=True),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("peer", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("charset", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'received'"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("outcome", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("corrected_by", sa.Text(), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "channel in ('hl7', 'astm', 'file', 'fhir', 'dicom')", name=op.f("ck_message_channel_known")
        ),
        sa.CheckConstraint("state in ('received', 'done', 'failed', 'archived')", name=op.f("ck_message_state_known")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_message_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_message_patient_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["ingest.message.id"], name=op.f("fk_message_corrects_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        schema="ingest",
    )
    op.create_index(
        "uq_message_sent",
        "message",
        ["channel", "sender", "facility", "control_id", "sha256"],
        unique=True,
        schema="ingest",
    )
    op.create_index(
        "ix_message_waiting",
        "message",
        ["lane", "id"],
        schema="ingest",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_message_failed", "message", ["id"], schema="ingest", postgresql_where=sa.text("state = 'failed'")
    )
    op.create_index("ix_message_received_at", "message", ["received_at"], schema="ingest")
    op.create_index("ix_message_patient_id", "message", ["patient_id"], schema="ingest")
    op.create_index(
        "ix_message_corrects_id",
        "message",
        ["corrects_id"],
        schema="ingest",
        postgresql_where=sa.text("corrects_id is not null"),
    )
    op.create_table(
        "person_identifier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_person_identifier_patient_id")),
        sa.ForeignKeyConstraint(["message_id"], ["ingest.message.id"], name=op.f("fk_person_identifier_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_identifier")),
        schema="ingest",
    )
    op.create_index("uq_person_identifier", "person_identifier", ["authority", "value"], unique=True, schema="ingest")
    op.create_index("ix_person_identifier_patient_id", "person_identifier", ["patient_id"], schema="ingest")


def downgrade() -> None:
    op.drop_table("person_identifier", schema="ingest")
    op.drop_table("message", schema="ingest")
    op.execute("drop schema ingest")
