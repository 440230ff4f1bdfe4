"""Internal quality control of the laboratory."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.lab_quality import queries
from ops_app.modules.lab_quality.routes import router
from ops_app.modules.lab_quality.titles import ACTIONS
from ops_app.permissions import Permission


def _waiting(session: Session, actor: Actor) -> int:
    return queries.waiting(session, actor.scope(Permission.LAB_QUALITY_RUN_READ))


MODULE = Module(
    "lab_quality",
    router=router,
    nav=(
        NavItem(
            N_("Quality control"),
            "lab_quality:overview",
            Permission.LAB_QUALITY_RUN_READ,
            group="day",
            order=33,
            waiting=_waiting,
        ),
    ),
    actions=ACTIONS,
)
