"""What the worker does for this module."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.outbox import delivery
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.reconciliation import reconcile
from ops_app.modules.exchange.service import tell_of_dead
from ops_app.modules.protection.standing import why_closed


def deliver(engine: Engine, message_id: int) -> None:
    """Send what waits in the lane of a message."""
    delivery.deliver(engine, message_id, tell_of_dead, why_closed)


def sweep(engine: Engine) -> None:
    """See who is ready, wake what waits."""
    delivery.sweep(engine, why_closed)


def reconcile_all(engine: Engine) -> None:
    """Queue the comparison of yesterday with every system, each on its own."""
    day = (clock.today() - dt.timedelta(days=1)).isoformat()
    with Session(engine) as session, session.begin():
        for name in systems():
            queue.enqueue(session, "exchange:reconcile", system=name, day=day)


def reconcile_one(engine: Engine, system: str, day: str) -> None:
    """Compare one day with one system."""
    reconcile(engine, system, dt.date.fromisoformat(day))
