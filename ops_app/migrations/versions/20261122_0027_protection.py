"""Checks of protection: statements, places of data, backups made and tried, the aggregator."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema protection")
    op.create_table(
        "statement",
        *_row(),
        sa.Column("check_code", sa.Text(), nullable=False),
        sa.Column("is_met", sa.Boolean(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("expires_on > stated_on", name=op.f("ck_statement_expires_later")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        schema="protection",
    )
    op.create_index("ix_statement_check", "statement", ["check_code", "id"], schema="protection")
    op.create_table(
        "place",
        *_row(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_place_country_code")),
        sa.CheckConstraint(
            "legal_basis in ('adequate', 'consent', 'treaty', 'law', 'rights')", name=op.f("ck_place_legal_basis_known")
        ),
        sa.CheckConstraint("(country = 'KZ') = (legal_basis is null)", name=op.f("ck_place_abroad_with_basis")),
        sa.CheckConstraint("country = 'KZ' or name like 'system:%'", name=op.f("ck_place_stores_at_home")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        schema="protection",
    )
    op.create_index("ix_place_name", "place", ["name", "id"], schema="protection")
    op.create_table(
        "backup_act",
        *_row(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('made', 'rehearsed')", name=op.f("ck_backup_act_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_act")),
        schema="protection",
    )
    op.create_index("ix_backup_act_kind", "backup_act", ["kind", "id"], schema="protection")
    op.create_table(
        "aggregator",
        *_row(),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_aggregator_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aggregator")),
        schema="protection",
    )
    op.create_index("uq_aggregator_begins", "aggregator", ["begins_on"], unique=True, schema="protection")


def _row() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    for table in ("aggregator", "backup_act", "place", "statement"):
        op.drop_table(table, schema="protection")
    op.execute("drop schema protection")
