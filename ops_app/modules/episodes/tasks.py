"""Tasks of this module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "episodes:refresh_plans",
        N_("Bring planned steps up to date for everybody whose facts, year or rules changed"),
        "ops_app.modules.episodes.jobs:refresh_plans",
        # what is right already is not touched
        idempotent=True,
        cron="30 20 * * *",
        attempts=3,
    ),
)
