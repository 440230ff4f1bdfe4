"""What the worker does for this module."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.modules.ingest import orders_out


def send_orders(engine: Engine) -> None:
    """Put orders to external laboratories into the outbox."""
    with Session(engine) as session, session.begin():
        orders_out.put_orders(session)
