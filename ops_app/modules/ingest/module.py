"""Inbound messages."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.ingest import orders_out
from ops_app.modules.ingest.journals import JOURNALS
from ops_app.modules.ingest.queries import count_failed
from ops_app.modules.ingest.routes import router
from ops_app.modules.ingest.tasks import TASKS
from ops_app.modules.ingest.titles import ACTIONS
from ops_app.permissions import Permission


def failed(session: Session, actor: Actor) -> int:
    """What the navigation shows beside "Inbound messages"."""
    return count_failed(session, actor.scope(Permission.INGEST_JOURNAL_READ))


MODULE = Module(
    "ingest",
    router=router,
    nav=(
        NavItem(
            N_("Inbound messages"),
            "ingest:journal_inbound",
            Permission.INGEST_JOURNAL_READ,
            group="administration",
            order=55,
            waiting=failed,
        ),
    ),
    messages={orders_out.KIND: N_("Order to a laboratory")},
    actions=ACTIONS,
    journals=JOURNALS,
    tasks=TASKS,
)
