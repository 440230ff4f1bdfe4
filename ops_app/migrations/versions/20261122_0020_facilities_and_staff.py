"""Papers of a facility, specialty and rate of a position."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization_profile",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("oid", sa.Text(), nullable=True),
        sa.Column("address_line", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("licence_number", sa.Text(), nullable=True),
        sa.Column("licence_date", sa.Date(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("oid ~ '^[0-2]([.](0|[1-9][0-9]*))+$'", name=op.f("ck_organization_profile_oid_shape")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_organization_profile_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_profile")),
        sa.UniqueConstraint("organization_id", name=op.f("uq_organization_profile_organization_id")),
        schema="organizations",
    )
    op.add_column("practitioner_role", sa.Column("specialty", sa.Text(), nullable=True), schema="organizations")
    op.add_column("practitioner_role", sa.Column("rate", sa.Double(), nullable=True), schema="organizations")
    op.create_check_constraint(
        op.f("ck_practitioner_role_rate_of_a_post"),
        "practitioner_role",
        "rate > 0 and rate <= 2",
        schema="organizations",
    )


def downgrade() -> None:
    op.drop_column("practitioner_role", "rate", schema="organizations")
    op.drop_column("practitioner_role", "specialty", schema="organizations")
    op.drop_table("organization_profile", schema="organizations")
