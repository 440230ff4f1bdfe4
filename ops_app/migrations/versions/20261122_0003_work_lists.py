"""Signals, decisions and answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMAS = (
    "inbox",
    "worklist",
)
TABLES = (
    ("signal", "inbox"),
    ("signal_decision", "worklist"),
    ("signal_answer", "worklist"),
    ("signal_opening", "worklist"),
)


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
    op.create_table(
        "signal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("signal_code", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("patient_key", sa.Text(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("severity in ('red', 'amber')", name=op.f("ck_signal_severity_known")),
        sa.CheckConstraint("state in ('open', 'closed', 'withdrawn')", name=op.f("ck_signal_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
        schema="inbox",
    )
    op.create_index("ix_signal_case", "signal", ["case_id", "id"], unique=False, schema="inbox")
    op.create_index("ix_signal_organization", "signal", ["organization_id"], unique=False, schema="inbox")
    op.create_index("ix_signal_patient", "signal", ["patient_key"], unique=False, schema="inbox")
    op.create_table(
        "signal_decision",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "decision in ('accepted', 'explain', 'visit_ordered', 'expert_review', 'false_alarm', 'fix_at_source', 'handled')",
            name=op.f("ck_signal_decision_decision_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_decision")),
        schema="worklist",
    )
    op.create_index("ix_signal_decision_case", "signal_decision", ["case_id", "id"], unique=False, schema="worklist")
    op.create_index(
        "ix_signal_decision_row_xid",
        "signal_decision",
        ["row_xid"],
        unique=False,
        schema="worklist",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "signal_answer",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind in ('explanation', 'contact', 'plan')", name=op.f("ck_signal_answer_kind_known")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_signal_answer_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_answer")),
        schema="worklist",
    )
    op.create_index("ix_signal_answer_case", "signal_answer", ["case_id"], unique=False, schema="worklist")
    op.create_index(
        "ix_signal_answer_row_xid",
        "signal_answer",
        ["row_xid"],
        unique=False,
        schema="worklist",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    op.create_table(
        "signal_opening",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reason in ('list_review', 'overdue', 'complaint', 'expert_review', 'other')",
            name=op.f("ck_signal_opening_reason_known"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_signal_opening_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_opening")),
        schema="worklist",
    )
    op.create_index(
        "ix_signal_opening_account", "signal_opening", ["account_id", "case_id"], unique=False, schema="worklist"
    )
    op.create_index(
        "ix_signal_opening_row_xid",
        "signal_opening",
        ["row_xid"],
        unique=False,
        schema="worklist",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )


def downgrade() -> None:
    for table, schema in reversed(TABLES):
        op.drop_table(table, schema=schema)
