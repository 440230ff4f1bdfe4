"""Every night everything is extracted, judged by Great Expectations, built, published and sent."""

import dagster as dg

TIME_ZONE = "Asia/Almaty"

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Extract, judge, build all models, publish, send signals.",
)

nightly_schedule = dg.ScheduleDefinition(
    name="nightly",
    job=nightly,
    cron_schedule="30 1 * * 1-6",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

# once a week from the whole lake: a file that is only ever continued keeps the holes of what it deleted
weekly_schedule = dg.ScheduleDefinition(
    name="weekly_full",
    job=nightly,
    cron_schedule="30 1 * * 0",
    execution_timezone=TIME_ZONE,
    run_config=dg.RunConfig(ops={"dbt": {"config": {"full": True}}}),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
