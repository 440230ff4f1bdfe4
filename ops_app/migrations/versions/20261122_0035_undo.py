"""What can be undone: the judgement that two records are two people, a step of a task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None

ACTIONS = "'opened', 'seen', 'taken', 'handed_over', 'answered', 'escalated', 'done', 'withdrawn'"
COLUMNS = ["other_patient_id", "patient_id"]


def upgrade() -> None:
    op.add_column(
        "two_people", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True), schema="patients"
    )
    op.drop_index("uq_two_people", "two_people", schema="patients")
    op.create_index(
        "uq_two_people",
        "two_people",
        COLUMNS,
        unique=True,
        schema="patients",
        postgresql_where=sa.text("taken_back_at is null"),
    )
    _known_actions(f"{ACTIONS}, 'put_back'")


def downgrade() -> None:
    op.execute("delete from worklist.task_event where action = 'put_back'")
    _known_actions(ACTIONS)
    op.execute("delete from patients.two_people where taken_back_at is not null")
    op.drop_index("uq_two_people", "two_people", schema="patients")
    op.create_index("uq_two_people", "two_people", COLUMNS, unique=True, schema="patients")
    op.drop_column("two_people", "taken_back_at", schema="patients")


def _known_actions(known: str) -> None:
    op.drop_constraint(op.f("ck_task_event_action_known"), "task_event", schema="worklist")
    # checked apart from being added, so that writers wait only for the moment of adding
    op.execute(
        f"alter table worklist.task_event add constraint ck_task_event_action_known check (action in ({known})) not valid"
    )
    op.execute("alter table worklist.task_event validate constraint ck_task_event_action_known")
