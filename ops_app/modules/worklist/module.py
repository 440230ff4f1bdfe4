"""Work lists of the treating team and the official's review of signals."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.worklist import api, routes
from ops_app.modules.worklist.queries import count_tasks
from ops_app.permissions import Permission

router = APIRouter()
router.routes.extend((*routes.router.routes, *api.router.routes))


def tasks_waiting(session: Session, actor: Actor) -> int:
    """What the navigation shows beside "My day"."""
    return count_tasks(session, actor.scope(Permission.WORKLIST_TASK_READ))


def cases_waiting(session: Session, actor: Actor) -> int:
    """What the navigation shows beside "Signal lists"."""
    return count_tasks(session, actor.scope(Permission.SIGNALS_CASE_READ))


MODULE = Module(
    "worklist",
    router=router,
    nav=(
        NavItem(
            N_("My day"), "worklist:my_day", Permission.WORKLIST_TASK_READ, group="day", order=0, waiting=tasks_waiting
        ),
        NavItem(
            N_("Signal lists"),
            "worklist:signals",
            Permission.SIGNALS_CASE_READ,
            group="day",
            order=5,
            waiting=cases_waiting,
        ),
    ),
    actions={
        "worklist:my_day": N_("Opened the work list"),
        "worklist:api_tasks": N_("Opened the work list"),
        "worklist:task": N_("Opened a case of the work list"),
        "worklist:answer": N_("Answered a case"),
        "worklist:case_opened": N_("Stated why a case is opened"),
        "worklist:case_read": N_("Opened a case without the person"),
        "worklist:decide": N_("Decided on a case"),
        "worklist:api_decide": N_("Decided on a case"),
    },
)
