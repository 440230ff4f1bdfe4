"""A device that could not be told what is stored stays on a list until somebody acts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "commitment_report", sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True), schema="imaging"
    )


def downgrade() -> None:
    # what is on the list was deleted before there was one
    op.execute("delete from imaging.commitment_report where given_up_at is not null")
    op.drop_column("commitment_report", "given_up_at", schema="imaging")
