"""Tasks with an owner, a deadline and the evidence that closes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0017"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_role", sa.Text(), nullable=False),
        sa.Column(
            "also_practitioner_ids", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("told_roles", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("level", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        *_row(),
        sa.CheckConstraint("state in ('open', 'done', 'withdrawn')", name=op.f("ck_task_state_known")),
        sa.CheckConstraint("severity in ('red', 'amber')", name=op.f("ck_task_severity_known")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_task_patient_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_task_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_task_owner_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        schema="worklist",
    )
    op.create_index("uq_task_open", "task", ["kind", "subject"], unique=True, schema="worklist", postgresql_where=OPEN)
    for name, columns in (
        ("place", ["organization_id", "due_at"]),
        ("owner", ["owner_practitioner_id"]),
        ("next_step", ["next_step_at"]),
        ("checked", ["checked_at"]),
    ):
        op.create_index(f"ix_task_{name}", "task", columns, unique=False, schema="worklist", postgresql_where=OPEN)
    op.create_index("ix_task_patient", "task", ["patient_id"], unique=False, schema="worklist")
    _watermark("task")
    op.create_table(
        "task_event",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by_login", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=True),
        sa.Column("to_practitioner_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        *_row(),
        sa.CheckConstraint(
            "action in ('opened', 'seen', 'taken', 'handed_over', 'answered', 'escalated', 'done', 'withdrawn')",
            name=op.f("ck_task_event_action_known"),
        ),
        sa.ForeignKeyConstraint(["task_id"], ["worklist.task.id"], name=op.f("fk_task_event_task_id")),
        sa.ForeignKeyConstraint(
            ["to_practitioner_id"], ["organizations.practitioner.id"], name=op.f("fk_task_event_to_practitioner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_event")),
        schema="worklist",
    )
    op.create_index("ix_task_event_task", "task_event", ["task_id", "id"], unique=False, schema="worklist")
    _watermark("task_event")


def downgrade() -> None:
    op.drop_table("task_event", schema="worklist")
    op.drop_table("task", schema="worklist")


def _row() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def _watermark(table: str) -> None:
    op.create_index(
        f"ix_{table}_row_xid",
        table,
        ["row_xid"],
        unique=False,
        schema="worklist",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
