"""Tasks of this module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "personal_data:watch_terms",
        N_("Watch the terms of requests and consents"),
        "ops_app.modules.personal_data.jobs:watch_terms",
        idempotent=True,
        cron="15 1 * * *",
        attempts=3,
    ),
    Task(
        "personal_data:notify_people",
        N_("Tell people who used and changed their data"),
        "ops_app.modules.personal_data.jobs:notify_people",
        idempotent=True,
        cron="30 20 * * *",
        attempts=5,
    ),
)
