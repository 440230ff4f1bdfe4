"""Tasks of this module."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "imaging:unlink_destroyed",
        N_("Remove image files of a destroyed person"),
        "ops_app.modules.imaging.jobs:unlink_destroyed",
        idempotent=True,
        attempts=10,
    ),
)
