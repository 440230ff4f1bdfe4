"""Reports of storage commitment that outlive the gateway; stations under TLS."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commitment_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("calling_ae", sa.Text(), nullable=False),
        sa.Column("transaction_uid", sa.Text(), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_report")),
        schema="imaging",
    )
    op.create_index(
        "uq_commitment_report", "commitment_report", ["calling_ae", "transaction_uid"], unique=True, schema="imaging"
    )
    op.create_index("ix_commitment_report_due", "commitment_report", ["next_attempt_at"], schema="imaging")
    op.add_column(
        "device",
        sa.Column("uses_tls", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="devices",
    )


def downgrade() -> None:
    op.drop_column("device", "uses_tls", schema="devices")
    op.drop_table("commitment_report", schema="imaging")
