"""When things run: the night, every fifteen seconds, and what is thrown away."""

import dagster as dg

from pipelines.defs.automation.hot import micro_batch, micro_batch_sensor
from pipelines.defs.automation.nightly import nightly, nightly_schedule, weekly_schedule
from pipelines.defs.automation.retention import retention, retention_schedule

defs = dg.Definitions(
    jobs=[nightly, micro_batch, retention],
    schedules=[nightly_schedule, weekly_schedule, retention_schedule],
    sensors=[micro_batch_sensor],
)
