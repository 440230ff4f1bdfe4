"""Programmes worked out from declarations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD_PROGRAMMES = "programme in ('pregnancy', 'dispensary', 'breast', 'cervix', 'cvd_dm')"
PROGRAMMES = "programme in ('pregnancy', 'dispensary', 'breast', 'cervix', 'cvd_dm', 'fluorography')"


def upgrade() -> None:
    _programmes(PROGRAMMES)
    op.create_table(
        "plan_review",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("declared", sa.Text(), nullable=False),
        sa.Column("seen_xid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.patient.id"], name=op.f("fk_plan_review_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_plan_review")),
        schema="episodes",
    )
    op.create_index("ix_plan_review_next_on", "plan_review", ["next_on"], unique=False, schema="episodes")


def downgrade() -> None:
    op.drop_table("plan_review", schema="episodes")
    _programmes(OLD_PROGRAMMES)


def _programmes(condition: str) -> None:
    name = op.f("ck_care_plan_activity_programme_known")
    op.drop_constraint(name, "care_plan_activity", schema="episodes", type_="check")
    op.create_check_constraint(name, "care_plan_activity", condition, schema="episodes")
