"""Tasks of this module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "ingest:send_orders",
        N_("Send orders to laboratories outside"),
        "ops_app.modules.ingest.jobs:send_orders",
        # the key of an order keeps it from going twice
        idempotent=True,
        cron="* * * * *",
    ),
)
