"""Profiles of a facility: which forms it is offered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column: sa.Column[list[str]] = sa.Column(
        "care_profiles", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
    )
    op.add_column("organization_profile", column, schema="organizations")


def downgrade() -> None:
    op.drop_column("organization_profile", "care_profiles", schema="organizations")
