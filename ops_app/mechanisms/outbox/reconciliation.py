"""Daily comparison: what we believe to have delivered against what the other side says it holds."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.outbox.adapter import adapter_of
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.delivery import is_open
from ops_app.mechanisms.outbox.models import Difference, Message, Reconciliation


def reconcile(engine: Engine, name: str, day: dt.date) -> int | None:
    """Compare one day with one system; return the number of the comparison, None where there is none to make."""
    system = systems()[name]
    adapter = adapter_of(system)
    try:
        with Session(engine) as session:
            if not is_open(session, system, adapter):
                return None
        there = adapter.held(day)
    finally:
        adapter.close()
    if there is None:
        return None
    with Session(engine) as session, session.begin():
        rows = session.execute(
            select(Message.id, Message.message_key, Message.sha256).where(
                Message.system == name,
                Message.state == "delivered",
                Message.created_at >= clock.from_local(day),
                Message.created_at < clock.from_local(day + dt.timedelta(days=1)),
            )
        ).all()
        here = {row.message_key: row.sha256 for row in rows}
        ids = {row.message_key: row.id for row in rows}
        made = Reconciliation(
            system=name,
            day=day,
            count_here=len(here),
            count_there=len(there),
            hash_here=hash_of(here),
            hash_there=hash_of(there),
        )
        session.add(made)
        session.flush()
        for key, kind in differences(here, there).items():
            session.add(Difference(reconciliation_id=made.id, message_key=key, message_id=ids.get(key), kind=kind))
        return made.id


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> dict[str, str]:
    """Keys the two sides do not agree about, each with what is wrong."""
    found = dict.fromkeys(here.keys() - there.keys(), "missing_there")
    found |= dict.fromkeys(there.keys() - here.keys(), "unknown_here")
    found |= {key: "other_content" for key in here.keys() & there.keys() if here[key] != there[key]}
    return dict(sorted(found.items()))


def hash_of(held: Mapping[str, str]) -> str:
    """One hash over what a side holds."""
    return hashlib.sha256("".join(f"{key} {held[key]}\n" for key in sorted(held)).encode()).hexdigest()
