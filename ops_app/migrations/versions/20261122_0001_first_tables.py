"""First tables."""

from __future__ import annotations

from alembic import op

from ops_app.gate.triggers import IIN_FUNCTION
from ops_app.models import load_all

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata = load_all().metadata
    for schema in sorted({table.schema for table in metadata.tables.values() if table.schema}):
        op.execute(f"create schema if not exists {schema}")
    op.execute(IIN_FUNCTION)
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    load_all().metadata.drop_all(op.get_bind())
