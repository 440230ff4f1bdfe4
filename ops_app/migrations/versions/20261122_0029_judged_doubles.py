"""Why two records were linked, and which look alike but are two people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patient_link", sa.Column("reason", sa.Text(), nullable=True), schema="patients")
    op.create_table(
        "two_people",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("other_patient_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("judged_by", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text::bigint)"), nullable=False
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("patient_id < other_patient_id", name=op.f("ck_two_people_in_order")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_two_people_patient_id")),
        sa.ForeignKeyConstraint(
            ["other_patient_id"], ["patients.patient.id"], name=op.f("fk_two_people_other_patient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_two_people")),
        schema="patients",
    )
    op.create_index("uq_two_people", "two_people", ["other_patient_id", "patient_id"], unique=True, schema="patients")
    op.create_index(
        "ix_patient_without_iin",
        "patient",
        ["birth_date"],
        schema="patients",
        postgresql_where=sa.text("iin is null and is_live"),
    )


def downgrade() -> None:
    op.drop_index("ix_patient_without_iin", "patient", schema="patients")
    op.drop_table("two_people", schema="patients")
    op.drop_column("patient_link", "reason", schema="patients")
