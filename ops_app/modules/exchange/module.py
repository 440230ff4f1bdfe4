"""The exchange with other systems."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.exchange.notices import DEAD_LETTER
from ops_app.modules.exchange.queries import count_dead
from ops_app.modules.exchange.routes import router
from ops_app.modules.exchange.tasks import TASKS
from ops_app.permissions import Permission


def dead(session: Session, actor: Actor) -> int:
    """What the navigation shows beside "Exchange"."""
    return count_dead(session, actor.scope(Permission.EXCHANGE_JOURNAL_READ))


MODULE = Module(
    "exchange",
    router=router,
    nav=(
        NavItem(
            N_("Exchange with systems"),
            "exchange:journal",
            Permission.EXCHANGE_JOURNAL_READ,
            group="administration",
            order=50,
            waiting=dead,
        ),
    ),
    actions={
        "exchange:contents": N_("Opened the contents of a message"),
        "exchange:correct": N_("Corrected a message and sent it again"),
        "exchange:resend": N_("Sent a message again"),
        "exchange:withdraw": N_("Withdrew a message"),
        "exchange:switch_on": N_("Switched a system on"),
        "exchange:switch_off": N_("Switched a system off"),
        "exchange:receive": N_("A system refused a message after reading it"),
        "exchange:deliver": N_("A message could not be delivered"),
    },
    tasks=TASKS,
    notices=(DEAD_LETTER,),
)
