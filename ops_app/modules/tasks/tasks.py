"""Tasks of the worker for this module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "tasks:sweep",
        N_("Close tasks that are done, pass up those nobody does"),
        "ops_app.mechanisms.task.escalation:sweep",
        idempotent=True,
        cron="* * * * *",
    ),
)
