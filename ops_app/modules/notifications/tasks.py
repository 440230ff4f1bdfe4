"""Tasks of this module."""

from __future__ import annotations

import datetime as dt

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "notifications:send",
        N_("Send a notice by e-mail"),
        "ops_app.modules.notifications.jobs:send",
        # a letter that was cut off may come twice; its Message-ID is the same
        idempotent=True,
        attempts=8,
        first_wait=dt.timedelta(minutes=1),
    ),
)
