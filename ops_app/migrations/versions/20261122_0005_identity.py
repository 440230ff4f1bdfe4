"""Identity and access: the sealed journal, reviews and incidents, editable roles, conditions of sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create schema if not exists security")
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("layout", sa.SmallInteger(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_block")),
        schema="audit",
    )
    op.create_table(
        "unsealed",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_unsealed")),
        schema="security",
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("affected", sa.Text(), nullable=True),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('access', 'account', 'disclosure', 'loss', 'integrity', 'malware', 'other')",
            name=op.f("ck_incident_kind_known"),
        ),
        sa.CheckConstraint("(closed_at is null) = (outcome is null)", name=op.f("ck_incident_closed_with_outcome")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_incident_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        schema="security",
    )
    op.create_index("ix_incident_organization", "incident", ["organization_id"], unique=False, schema="security")
    op.create_table(
        "access_review",
        sa.Column("grant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(verdict = 'incident') = (incident_id is not null)", name=op.f("ck_access_review_incident_named")
        ),
        sa.CheckConstraint("verdict in ('confirmed', 'incident')", name=op.f("ck_access_review_verdict_known")),
        sa.ForeignKeyConstraint(["grant_id"], ["patients.access_grant.id"], name=op.f("fk_access_review_grant_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["security.incident.id"], name=op.f("fk_access_review_incident_id")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_access_review")),
        schema="security",
    )
    op.create_table(
        "incident_evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("asked", postgresql.JSONB(), nullable=False),
        sa.Column("event_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("collected_by", sa.Text(), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["security.incident.id"], name=op.f("fk_incident_evidence_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_evidence")),
        schema="security",
    )
    op.create_index(
        "ix_incident_evidence_incident", "incident_evidence", ["incident_id"], unique=False, schema="security"
    )
    # What was written before the chain began is its first block.
    op.execute("insert into security.unsealed (event_id) select id from audit.event")


def downgrade() -> None:
    op.execute("drop trigger if exists queue_events on audit.event")
    op.drop_index("ix_incident_evidence_incident", table_name="incident_evidence", schema="security")
    op.drop_table("incident_evidence", schema="security")
    op.drop_table("access_review", schema="security")
    op.drop_index("ix_incident_organization", table_name="incident", schema="security")
    op.drop_table("incident", schema="security")
    op.drop_table("unsealed", schema="security")
    op.drop_table("block", schema="audit")
    op.execute("drop schema if exists security")
