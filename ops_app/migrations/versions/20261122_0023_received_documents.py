"""Documents that other systems send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "received_document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completion", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'current'"), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("adds_to_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('current', 'replaced', 'cancelled')", name=op.f("ck_received_document_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'current') = (ended_at is null)", name=op.f("ck_received_document_ended_unless_current")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_received_document_patient_id")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization.id"], name=op.f("fk_received_document_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["documents.received_document.id"], name=op.f("fk_received_document_replaces_id")
        ),
        sa.ForeignKeyConstraint(
            ["adds_to_id"], ["documents.received_document.id"], name=op.f("fk_received_document_adds_to_id")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["ingest.message.id"], name=op.f("fk_received_document_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_document")),
        schema="documents",
    )
    op.create_index(
        "uq_received_document_current",
        "received_document",
        ["sender", "number"],
        unique=True,
        schema="documents",
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_index("ix_received_document_number", "received_document", ["sender", "number"], schema="documents")
    op.create_index(
        "ix_received_document_patient", "received_document", ["patient_id", "received_at"], schema="documents"
    )
    op.create_index("ix_received_document_message", "received_document", ["message_id"], schema="documents")
    op.create_table(
        "received_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.received_document.id"], name=op.f("fk_received_part_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_part")),
        schema="documents",
    )
    op.create_index("uq_received_part", "received_part", ["document_id", "position"], unique=True, schema="documents")


def downgrade() -> None:
    op.drop_table("received_part", schema="documents")
    op.drop_table("received_document", schema="documents")
