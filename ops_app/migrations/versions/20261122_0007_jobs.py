"""Background jobs, the exchange with other systems, notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0007"
down_revision = "0003"
branch_labels = None
depends_on = None

SCHEMAS = ("jobs",)
TABLES = (("failure", "jobs"),)

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


def _library() -> None:
    # The SQL of procrastinate as the locked version ships it. A version with more SQL needs a migration of ours
    # that applies the library's new files; a test notices.
    connection = op.get_bind()
    before = connection.exec_driver_sql("show search_path").scalar_one()
    connection.exec_driver_sql("create schema procrastinate")
    connection.exec_driver_sql("set local search_path = procrastinate")
    with connection.connection.cursor() as cursor:
        # without parameters the statements go as they are, per cent signs and all
        cursor.execute(SchemaManager.get_schema())
        cursor.execute(FIX_SEARCH_PATH)
    connection.execute(sa.text("select set_config('search_path', :before, true)"), {"before": before})


def downgrade() -> None:
    for table, schema in reversed(TABLES):
        op.drop_table(table, schema=schema)
    op.execute("drop schema procrastinate cascade")
    for schema in reversed(SCHEMAS):
        op.execute(f"drop schema {schema}")
