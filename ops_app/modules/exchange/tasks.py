"""Tasks of this module."""

from __future__ import annotations

import datetime as dt

from ops_app.i18n import N_
from ops_app.mechanisms.jobs.task import Task

TASKS = (
    Task(
        "exchange:deliver",
        N_("Send messages to another system"),
        "ops_app.modules.exchange.jobs:deliver",
        # the receiver tells a repeated message by its key
        idempotent=True,
        attempts=20,
        first_wait=dt.timedelta(seconds=10),
    ),
    Task(
        "exchange:sweep",
        N_("See which systems are ready and what waits for them"),
        "ops_app.modules.exchange.jobs:sweep",
        idempotent=True,
        cron="* * * * *",
    ),
    Task(
        "exchange:reconcile_all",
        N_("Compare with all systems what they hold"),
        "ops_app.modules.exchange.jobs:reconcile_all",
        idempotent=True,
        cron="10 22 * * *",
        attempts=3,
    ),
    Task(
        "exchange:reconcile",
        N_("Compare with one system what it holds"),
        "ops_app.modules.exchange.jobs:reconcile_one",
        idempotent=True,
        attempts=8,
        first_wait=dt.timedelta(minutes=5),
    ),
)
