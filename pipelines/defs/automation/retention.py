"""What is thrown away each night before the nightly run."""

import datetime as dt
import re
import shutil
import time
from pathlib import Path

import dagster as dg

from pipelines.defs.automation.hot import micro_batch
from pipelines.defs.automation.nightly import TIME_ZONE
from pipelines.lib.retention import retain
from pipelines.resources import Pipeline

RUN_DAYS = 30
MICRO_BATCH_DAYS = 1
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
RUNS_AT_ONCE = 500
RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
YOUNG_SECONDS = 3600
"""A run's files may appear before the run is known."""


@dg.op
def retain_data(context: dg.OpExecutionContext, pipeline: Pipeline) -> None:
    """Merge small lake files, drop versions past their time, remove old warehouse files."""
    kept = retain(pipeline.places)
    context.log.info(f"merged {kept.merged}, dropped {kept.dropped}, removed {kept.retired}")


@dg.op
def forget_runs(context: dg.OpExecutionContext) -> None:
    """Delete the runs whose events nobody will read; Dagster itself keeps them forever."""
    deleted = forget(context.instance, dt.datetime.now(dt.UTC))
    swept = sweep(context.instance)
    context.log.info(f"{deleted} runs deleted, {swept} files and folders of unknown runs swept")


@dg.job(executor_def=dg.in_process_executor)
def retention() -> None:
    """Throw away what has had its time."""
    retain_data()
    forget_runs()


retention_schedule = dg.ScheduleDefinition(
    name="retention",
    job=retention,
    cron_schedule="0 1 * * *",
    execution_timezone=TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def forget(instance: dg.DagsterInstance, now: dt.datetime) -> int:
    """Delete finished runs whose time has passed, with their events; says how many."""
    deleted = _delete(instance, now - dt.timedelta(days=MICRO_BATCH_DAYS), micro_batch.name)
    return deleted + _delete(instance, now - dt.timedelta(days=RUN_DAYS), None)


def sweep(instance: dg.DagsterInstance) -> int:
    """Remove event files and captured output of runs that are no more; deleting a run leaves them."""
    root = Path(instance.root_directory)
    known = set(instance.get_run_ids())
    swept = 0
    for path in (*root.glob("history/runs/*.db"), *root.glob("storage/*")):
        old = path.stat().st_mtime < time.time() - YOUNG_SECONDS
        if RUN_ID.fullmatch(path.stem) and path.stem not in known and old:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            swept += 1
    return swept


def _delete(instance: dg.DagsterInstance, before: dt.datetime, job_name: str | None) -> int:
    old = dg.RunsFilter(job_name=job_name, statuses=FINISHED, created_before=before)
    deleted = 0
    while runs := instance.get_runs(old, limit=RUNS_AT_ONCE):
        for run in runs:
            instance.delete_run(run.run_id)
        deleted += len(runs)
    return deleted
