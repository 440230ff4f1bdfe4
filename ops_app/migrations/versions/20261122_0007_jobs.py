"""Background jobs, the exchange with other systems, notifications."""

from __future__ import annotations

from contextlib import closing

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMAS = ("jobs", "exchange", "notifications")
TABLES = (
    ("failure", "jobs"),
    ("received", "exchange"),
    ("reconciliation", "exchange"),
    ("system_state", "exchange"),
    ("message", "exchange"),
    ("attempt", "exchange"),
    ("correction", "exchange"),
    ("difference", "exchange"),
    ("muted_kind", "notifications"),
    ("notification", "notifications"),
    ("preference", "notifications"),
    ("delivery", "notifications"),
)

# Requests, triggers and the worker call the library's functions under their own search paths.
FIX_SEARCH_PATH = """
do $$
declare routine regprocedure;
begin
  for routine in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'procrastinate'
  loop
    execute format('alter function %s set search_path = procrastinate, pg_catalog', routine);
  end loop;
end $$
"""


def upgrade() -> None:
    _library()
    for schema in SCHEMAS:
        op.execute(f"create schema {schema}")
    op.create_table(
        "failure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure")),
        schema="jobs",
    )
    op.create_index("ix_failure_job", "failure", ["job_id", "id"], unique=False, schema="jobs")

    _exchange()

    _notifications()


def _library() -> None:
    # The SQL of procrastinate as the locked version ships it. A version with more SQL needs a migration of ours
    # that applies the library's new files; a test notices.
    connection = op.get_bind()
    before: str = connection.exec_driver_sql("show search_path").scalar_one()
    connection.exec_driver_sql("create schema procrastinate")
    connection.exec_driver_sql("set local search_path = procrastinate")
    with closing(connection.connection.cursor()) as cursor:
        # without parameters the statements go as they are, per cent signs and all
        cursor.execute(SchemaManager.get_schema())
        cursor.execute(FIX_SEARCH_PATH)
    connection.execute(sa.text("select set_config('search_path', :before, true)"), {"before": before})


def _exchange() -> None:
    op.create_table(
        "received",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received")),
        schema="exchange",
    )
    op.create_index("uq_received_key", "received", ["system", "message_key"], unique=True, schema="exchange")
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("count_here", sa.BigInteger(), nullable=False),
        sa.Column("count_there", sa.BigInteger(), nullable=False),
        sa.Column("hash_here", sa.Text(), nullable=False),
        sa.Column("hash_there", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        schema="exchange",
    )
    op.create_index("ix_reconciliation_day", "reconciliation", ["system", "day", "id"], unique=False, schema="exchange")
    op.create_table(
        "system_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_ready", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_system_state")),
        schema="exchange",
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome in ('accepted', 'refused')", name=op.f("ck_message_outcome_known")),
        sa.CheckConstraint(
            "state in ('queued', 'delivered', 'dead', 'withdrawn')", name=op.f("ck_message_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_message_organization_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_message_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        schema="exchange",
    )
    op.create_index("ix_message_created", "message", ["created_at"], unique=False, schema="exchange")
    op.create_index(
        "ix_message_lane",
        "message",
        ["system", "lane", "id"],
        unique=False,
        schema="exchange",
        postgresql_where=sa.text("state in ('queued', 'dead')"),
    )
    op.create_index("ix_message_patient", "message", ["patient_id"], unique=False, schema="exchange")
    op.create_index("uq_message_key", "message", ["system", "message_key"], unique=True, schema="exchange")
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "result in ('delivered', 'known', 'retry', 'refused', 'not_ready')", name=op.f("ck_attempt_result_known")
        ),
        sa.CheckConstraint("side in ('ours', 'theirs', 'network')", name=op.f("ck_attempt_side_known")),
        sa.ForeignKeyConstraint(["message_id"], ["exchange.message.id"], name=op.f("fk_attempt_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        schema="exchange",
    )
    op.create_index("ix_attempt_message", "attempt", ["message_id"], unique=False, schema="exchange")
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body_before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("action in ('resent', 'corrected', 'withdrawn')", name=op.f("ck_correction_action_known")),
        sa.ForeignKeyConstraint(["message_id"], ["exchange.message.id"], name=op.f("fk_correction_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        schema="exchange",
    )
    op.create_index("ix_correction_message", "correction", ["message_id"], unique=False, schema="exchange")
    op.create_table(
        "difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind in ('missing_there', 'unknown_here', 'other_content')", name=op.f("ck_difference_kind_known")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["exchange.message.id"], name=op.f("fk_difference_message_id")),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["exchange.reconciliation.id"], name=op.f("fk_difference_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
        schema="exchange",
    )
    op.create_index(
        "ix_difference_reconciliation", "difference", ["reconciliation_id"], unique=False, schema="exchange"
    )


def _notifications() -> None:
    op.create_table(
        "muted_kind",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_muted_kind_account_id")),
        sa.PrimaryKeyConstraint("account_id", "kind", name=op.f("pk_muted_kind")),
        schema="notifications",
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_notification_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        schema="notifications",
    )
    op.create_index(
        "ix_notification_account", "notification", ["account_id", "id"], unique=False, schema="notifications"
    )
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["account_id"],
        unique=False,
        schema="notifications",
        postgresql_where=sa.text("read_at is null"),
    )
    op.create_table(
        "preference",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account.id"], name=op.f("fk_preference_account_id")),
        sa.PrimaryKeyConstraint("account_id", "channel", name=op.f("pk_preference")),
        schema="notifications",
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('queued', 'sent', 'skipped', 'failed')", name=op.f("ck_delivery_state_known")),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.notification.id"], name=op.f("fk_delivery_notification_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        schema="notifications",
    )
    op.create_index("uq_delivery", "delivery", ["notification_id", "channel"], unique=True, schema="notifications")


def downgrade() -> None:
    for table, schema in reversed(TABLES):
        op.drop_table(table, schema=schema)
    op.execute("drop schema procrastinate cascade")
    for schema in reversed(SCHEMAS):
        op.execute(f"drop schema {schema}")
