"""The place of work chosen in a browser."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in_session", sa.Column("place_id", sa.BigInteger(), nullable=True), schema="accounts")
    op.create_foreign_key(
        op.f("fk_sign_in_session_place_id"),
        "sign_in_session",
        "organization",
        ["place_id"],
        ["id"],
        source_schema="accounts",
        referent_schema="organizations",
    )


def downgrade() -> None:
    op.drop_column("sign_in_session", "place_id", schema="accounts")
