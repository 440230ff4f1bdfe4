"""Several users at the same moment, without luck: all their requests wait for one row, which is then let go."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from httpx import Response
from sqlalchemy import text

from tests.ops_app.clinic import Clinic

WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    " and pid <> pg_backend_pid()"
)


def at_once(clinic: Clinic, table: str, row_id: int, *calls: Callable[[], Response]) -> list[Response]:
    """What each call answers; they all need the same row of a table."""
    engine = clinic.app.state.engine
    with engine.connect() as holder, engine.connect() as watch, ThreadPoolExecutor(len(calls)) as pool:
        holder.execute(text(f"select 1 from {table} where id = :id for update"), {"id": row_id})
        answers = [pool.submit(call) for call in calls]
        while watch.scalar(text(WAITING)) < len(calls) and not any(answer.done() for answer in answers):
            watch.rollback()
            time.sleep(0.02)
        holder.rollback()
        return [answer.result() for answer in answers]
