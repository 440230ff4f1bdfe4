"""Forms: definitions, responses, templates, files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMA = "questionnaires"
TABLES = (
    "questionnaire_switch",
    "questionnaire_version",
    "answer_template",
    "questionnaire_response",
    "attachment",
    "response_revision",
)


def upgrade() -> None:
    op.execute(f"create schema if not exists {SCHEMA}")
    op.create_table(
        "questionnaire_switch",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_switch")),
        sa.UniqueConstraint("key", name=op.f("uq_questionnaire_switch_key")),
        schema="questionnaires",
    )
    op.create_table(
        "questionnaire_version",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("is_shipped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_version")),
        schema="questionnaires",
    )
    op.create_index(
        "uq_questionnaire_version_content",
        "questionnaire_version",
        ["key", "content_hash"],
        unique=True,
        schema="questionnaires",
    )
    op.create_index(
        "uq_questionnaire_version_number",
        "questionnaire_version",
        ["key", "version"],
        unique=True,
        schema="questionnaires",
        postgresql_where=sa.text("not is_shipped"),
    )
    op.create_table(
        "answer_template",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_answer_template_account_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_answer_template_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_template")),
        schema="questionnaires",
    )
    op.create_index(
        "ix_answer_template_key", "answer_template", ["key", "account_id"], unique=False, schema="questionnaires"
    )
    op.create_table(
        "questionnaire_response",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'in_progress'"), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "observations", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("'typed'"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_in_error_by", sa.Text(), nullable=True),
        sa.Column("entered_in_error_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default=sa.text("'screen'"), nullable=False),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "evidence in ('measured', 'presence', 'typed')", name=op.f("ck_questionnaire_response_evidence_known")
        ),
        sa.CheckConstraint(
            "known_at >= event_at - interval '1 day'", name=op.f("ck_questionnaire_response_known_after_event")
        ),
        sa.CheckConstraint(
            "source in ('screen', 'device', 'registry', 'import')", name=op.f("ck_questionnaire_response_source_known")
        ),
        sa.CheckConstraint(
            "status in ('in_progress', 'completed', 'amended', 'discarded')",
            name=op.f("ck_questionnaire_response_status_known"),
        ),
        sa.CheckConstraint(
            "status in ('in_progress', 'discarded') or completed_at is not null",
            name=op.f("ck_questionnaire_response_completed_when"),
        ),
        sa.ForeignKeyConstraint(
            ["encounter_id"], ["visits.encounter.id"], name=op.f("fk_questionnaire_response_encounter_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.organization.id"],
            name=op.f("fk_questionnaire_response_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.patient.id"], name=op.f("fk_questionnaire_response_patient_id")
        ),
        sa.ForeignKeyConstraint(
            ["practitioner_id"],
            ["organizations.practitioner.id"],
            name=op.f("fk_questionnaire_response_practitioner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["questionnaires.questionnaire_version.id"],
            name=op.f("fk_questionnaire_response_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questionnaire_response")),
        schema="questionnaires",
    )
    op.create_index(
        "ix_questionnaire_response_encounter",
        "questionnaire_response",
        ["encounter_id"],
        unique=False,
        schema="questionnaires",
    )
    op.create_index(
        "ix_questionnaire_response_key",
        "questionnaire_response",
        ["patient_id", "key", "event_at"],
        unique=False,
        schema="questionnaires",
    )
    op.create_index(
        "ix_questionnaire_response_patient_event",
        "questionnaire_response",
        ["patient_id", "event_at"],
        unique=False,
        schema="questionnaires",
    )
    op.create_index(
        "ix_questionnaire_response_row_xid",
        "questionnaire_response",
        ["row_xid"],
        unique=False,
        schema="questionnaires",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_index(
        "uq_questionnaire_response_source_key",
        "questionnaire_response",
        ["source_system", "source_key"],
        unique=True,
        schema="questionnaires",
        postgresql_where=sa.text("source_key is not null"),
    )
    op.create_table(
        "attachment",
        sa.Column("response_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["questionnaires.questionnaire_response.id"], name=op.f("fk_attachment_response_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        schema="questionnaires",
    )
    op.create_index("ix_attachment_response", "attachment", ["response_id"], unique=False, schema="questionnaires")
    op.create_table(
        "response_revision",
        sa.Column("response_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["questionnaires.questionnaire_response.id"], name=op.f("fk_response_revision_response_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_revision")),
        schema="questionnaires",
    )
    op.create_index(
        "uq_response_revision", "response_revision", ["response_id", "revision"], unique=True, schema="questionnaires"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, schema=SCHEMA)
