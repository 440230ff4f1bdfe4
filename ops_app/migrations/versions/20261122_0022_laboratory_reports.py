"""Signed laboratory reports, reports that others replace, shipped ranges that a laboratory made its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lab_order", sa.Column("document_id", sa.BigInteger(), nullable=True), schema="laboratory")
    op.create_foreign_key(
        op.f("fk_lab_order_document_id"),
        "lab_order",
        "document",
        ["document_id"],
        ["id"],
        source_schema="laboratory",
        referent_schema="documents",
    )
    op.add_column("report", sa.Column("replaced_by_id", sa.BigInteger(), nullable=True), schema="laboratory")
    op.create_foreign_key(
        op.f("fk_report_replaced_by_id"),
        "report",
        "report",
        ["replaced_by_id"],
        ["id"],
        source_schema="laboratory",
        referent_schema="laboratory",
    )
    op.create_table(
        "range_approval",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("parameter_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_range_approval_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["parameter_id"], ["laboratory.parameter.id"], name=op.f("fk_range_approval_parameter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_range_approval")),
        schema="laboratory",
    )
    op.create_index(
        "uq_range_approval", "range_approval", ["organization_id", "parameter_id"], unique=True, schema="laboratory"
    )


def downgrade() -> None:
    op.drop_table("range_approval", schema="laboratory")
    op.drop_column("report", "replaced_by_id", schema="laboratory")
    op.drop_column("lab_order", "document_id", schema="laboratory")
