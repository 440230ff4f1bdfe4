"""The tables of procrastinate as our SELECTs see them; its own SQL makes and owns them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ENUM, JSONB

SCHEMA = "procrastinate"
"""Schema of the library's tables, types and functions."""

# apart from the models' metadata: the gate and the comparison of migrations have nothing to do with them
_metadata = MetaData(schema=SCHEMA)

_status = ENUM(name="procrastinate_job_status", schema=SCHEMA, create_type=False)
_event = ENUM(name="procrastinate_job_event_type", schema=SCHEMA, create_type=False)
_status.enums = ["todo", "doing", "succeeded", "failed", "cancelled", "aborting", "aborted"]
_event.enums = [
    *("deferred", "started", "deferred_for_retry", "failed", "succeeded"),
    *("cancelled", "abort_requested", "aborted", "scheduled", "retried"),
]

job = Table(
    "procrastinate_jobs",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("queue_name", Text),
    Column("task_name", Text),
    Column("priority", Integer),
    Column("lock", Text),
    Column("queueing_lock", Text),
    Column("args", JSONB),
    Column("status", _status),
    Column("scheduled_at", DateTime(timezone=True)),
    Column("attempts", Integer),
    Column("worker_id", BigInteger),
)
event = Table(
    "procrastinate_events",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("job_id", BigInteger),
    Column("type", _event),
    Column("at", DateTime(timezone=True)),
)
worker = Table(
    "procrastinate_workers",
    _metadata,
    Column("id", BigInteger, primary_key=True),
    Column("last_heartbeat", DateTime(timezone=True)),
)
