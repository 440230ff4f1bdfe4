"""Background jobs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.jobs.queries import count_failed
from ops_app.modules.jobs.routes import router
from ops_app.modules.jobs.tasks import TASKS
from ops_app.permissions import Permission


def failed(session: Session, actor: Actor) -> int:
    """What the navigation shows beside "Background jobs"."""
    return count_failed(session)


MODULE = Module(
    "jobs",
    router=router,
    nav=(
        NavItem(
            N_("Background jobs"),
            "jobs:queue",
            Permission.JOBS_QUEUE_MANAGE,
            group="administration",
            order=60,
            waiting=failed,
        ),
    ),
    actions={
        "jobs:run_again": N_("Ran a failed job again"),
        "jobs:set_aside": N_("Set a failed job aside"),
    },
    tasks=TASKS,
)
