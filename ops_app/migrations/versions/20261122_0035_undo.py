"""A step of a task can be put back."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None

ACTIONS = "'opened', 'seen', 'taken', 'handed_over', 'answered', 'escalated', 'done', 'withdrawn'"


def upgrade() -> None:
    _known_actions(f"{ACTIONS}, 'put_back'")


def downgrade() -> None:
    op.execute("delete from worklist.task_event where action = 'put_back'")
    _known_actions(ACTIONS)


def _known_actions(known: str) -> None:
    op.drop_constraint(op.f("ck_task_event_action_known"), "task_event", schema="worklist")
    # checked apart from being added, so that writers wait only for the moment of adding
    op.execute(
        f"alter table worklist.task_event add constraint ck_task_event_action_known check (action in ({known})) not valid"
    )
    op.execute("alter table worklist.task_event validate constraint ck_task_event_action_known")
