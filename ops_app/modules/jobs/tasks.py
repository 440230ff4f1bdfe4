"""Tasks of this module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "jobs:forget_finished",
        N_("Remove jobs that ended long ago"),
        "ops_app.modules.jobs.service:forget_finished_jobs",
        idempotent=True,
        cron="20 21 * * *",
        attempts=3,
    ),
)
