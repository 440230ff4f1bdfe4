"""The decision that two likely doubles are two people can be taken back; what was decided stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

COLUMNS = ["other_patient_id", "patient_id"]


def upgrade() -> None:
    for name, kind in (("taken_back_at", sa.DateTime(timezone=True)), ("taken_back_by", sa.Text())):
        op.add_column("two_people", sa.Column(name, kind, nullable=True), schema="patients")
    op.drop_index("uq_two_people", "two_people", schema="patients")
    held = sa.text("taken_back_at is null")
    op.create_index("uq_two_people", "two_people", COLUMNS, unique=True, schema="patients", postgresql_where=held)


def downgrade() -> None:
    op.execute("delete from patients.two_people where taken_back_at is not null")
    op.drop_index("uq_two_people", "two_people", schema="patients")
    for name in ("taken_back_by", "taken_back_at"):
        op.drop_column("two_people", name, schema="patients")
    op.create_index("uq_two_people", "two_people", COLUMNS, unique=True, schema="patients")
