"""The micro-batch: what staff recorded reaches the signals within a minute."""

import datetime as dt

import dagster as dg

from pipelines.defs.egress.assets import INBOX
from pipelines.defs.extract.tables import TABLES, lake_key
from pipelines.defs.quality.assets import CHECK
from pipelines.defs.release.assets import SERVED
from pipelines.lib.extract import has_news, last_as_of
from pipelines.lib.lock import PipelineBusy, is_busy
from pipelines.lib.places import places
from pipelines.run import Summary
from pipelines.run import micro_batch as carry_newest
from quality.suites import suites
from saulyq.errors import SaulyqError

SECONDS = 15
OLDEST = dt.timedelta(minutes=15)
"""Time alone makes cases overdue, so figures are never older than this, also while nothing is recorded."""
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


# one step and not a job of assets: starting a step costs more than most hops of a micro-batch
@dg.op
def carry(context: dg.OpExecutionContext) -> None:
    """Extract, judge, build the hot models, publish and send, unless another run is at it."""
    try:
        summary = carry_newest(places())
    except PipelineBusy as busy:
        context.log.info(str(busy))
        return
    for event in _materializations(summary):
        context.log_event(event)
    for evaluation in _evaluations(summary):
        # taken like the others, only its annotation does not say so
        context.log_event(evaluation)  # type: ignore[arg-type]
    context.log.info(f"{summary.seconds}")


@dg.job(executor_def=dg.in_process_executor, tags={"dagster/priority": "10"})
def micro_batch() -> None:
    """Carry the newest rows to the open signals."""
    carry()


@dg.sensor(job=micro_batch, minimum_interval_seconds=SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def micro_batch_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason | dg.RunRequest:
    """Ask for a micro-batch when a transaction brought rows, one at a time."""
    site = places()
    if is_busy(site.home):
        return dg.SkipReason("a pipeline run is under way")
    unfinished = dg.RunsFilter(job_name=micro_batch.name, statuses=UNFINISHED)
    if context.instance.get_runs_count(unfinished):
        return dg.SkipReason("the last micro-batch has not ended")
    as_of = last_as_of(site.lake)
    try:
        news = has_news(site)
    except SaulyqError as error:
        # the database is down, or the gate is just being made anew
        return dg.SkipReason(str(error))
    if not news and as_of is not None and dt.datetime.now(dt.UTC) - as_of < OLDEST:
        return dg.SkipReason("no new transactions")
    return dg.RunRequest()


def _materializations(summary: Summary) -> list[dg.AssetMaterialization]:
    rows = {table: count for table, count in summary.tables.items() if count and table in TABLES}
    return [
        *(
            dg.AssetMaterialization(
                lake_key(table),
                metadata={"admitted": count, "quarantined": summary.quarantined.get(table, 0)},
            )
            for table, count in rows.items()
        ),
        dg.AssetMaterialization(SERVED, metadata={"file": summary.published or "", "as_of": summary.as_of}),
        dg.AssetMaterialization(INBOX, metadata=dict(summary.signals)),
    ]


def _evaluations(summary: Summary) -> list[dg.AssetCheckEvaluation]:
    """The suites of the tables that brought rows: they were judged here as they are at night."""
    return [
        dg.AssetCheckEvaluation(
            asset_key=lake_key(table),
            check_name=CHECK,
            passed=table not in summary.failed_checks,
            metadata={
                "failed": ", ".join(summary.failed_checks.get(table, ())),
                "quarantined": summary.quarantined.get(table, 0),
            },
        )
        for table, count in summary.tables.items()
        if count and table in suites()
    ]
