"""The worker's inside: procrastinate runs declared tasks, each failure is noted, lost jobs come back."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.worker import Worker
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.kit import request_context
from ops_app.kit.request_context import RequestContext
from ops_app.mechanisms.jobs.queue import QUEUE, STALE_AFTER, note_failure, reason_of, recover
from ops_app.mechanisms.jobs.tables import SCHEMA
from ops_app.mechanisms.jobs.task import Task
from ops_app.models import load_all

log = logging.getLogger(__name__)

PARALLEL_JOBS = 4
HEARTBEAT_SECONDS = 2.0
POLL_SECONDS = 2.0
GRACE_SECONDS = 15.0
RECOVER_SECONDS = 5.0


def _is_told_here(record: logging.LogRecord) -> bool:
    """The library's line about a failed job repeats ours and adds the job's arguments."""
    return not str(getattr(record, "action", "")).startswith("job_error")


logging.getLogger("procrastinate.worker").addFilter(_is_told_here)


class JobFailed(Exception):
    """An attempt failed; says why without any value of a record."""


class Patience(BaseRetryStrategy):
    """When a failed attempt of a task is followed by the next one."""

    def __init__(self, task: Task):
        self.task = task

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """The moment of the next attempt, or None when it was the last."""
        wait = self.task.wait_after(job.attempts + 1)
        return None if wait is None else RetryDecision(retry_at=dt.datetime.now(dt.UTC) + wait)


class Crew:
    """One worker with everything it needs: ``work()`` runs until it is told to stop, or until nothing waits."""

    def __init__(self, tasks: Iterable[Task], engine: Engine, libpq_url: str):
        self.tasks = {task.name: task for task in tasks}
        self.engine = engine
        # the library's SQL names its tables without a schema
        connector = PsycopgConnector(
            conninfo=libpq_url, min_size=1, max_size=5, kwargs={"options": f"-c search_path={SCHEMA}"}
        )
        self.app = App(connector=connector)
        self.worker: Worker | None = None
        for task in self.tasks.values():
            registered = self.app.task(name=task.name, queue=QUEUE, retry=Patience(task), pass_context=True)(
                self._runner(task)
            )
            if task.cron is not None:
                self.app.periodic(cron=task.cron, periodic_id=task.name)(registered)

    async def work(self, *, wait: bool = True) -> None:
        """Run jobs; with ``wait=False`` only those that are due now."""
        async with self.app.open_async():
            self.worker = Worker(
                self.app,
                queues=[QUEUE],
                concurrency=PARALLEL_JOBS,
                wait=wait,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=GRACE_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=6 * STALE_AFTER.total_seconds(),
                install_signal_handlers=wait,
            )
            recovering = asyncio.create_task(self._recover_for_ever()) if wait else None
            try:
                await self.worker.run()
            finally:
                if recovering is not None:
                    recovering.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await recovering

    async def heartbeat_age(self) -> float | None:
        """Seconds since the worker last told the database that it lives; None when it has not yet."""
        if self.worker is None or self.worker.worker_id is None:
            return None
        row = await self.app.connector.execute_query_one_async(
            "select extract(epoch from now() - max(last_heartbeat))::float8 as age "
            "from procrastinate_workers where id = %(id)s",
            id=self.worker.worker_id,
        )
        age: float | None = row["age"]
        return age

    def recover(self) -> int:
        """Bring back jobs of workers that died."""
        with Session(self.engine) as session, session.begin():
            return recover(session, self.tasks, self.worker.worker_id if self.worker else None)

    async def _recover_for_ever(self) -> None:
        while True:
            try:
                if found := await asyncio.to_thread(self.recover):
                    log.warning("%d jobs had lost their worker", found)
            except Exception:
                # the database may be restarting; the worker itself ends when it stays away
                log.exception("looking for lost jobs failed")
            await asyncio.sleep(RECOVER_SECONDS)

    def _runner(self, task: Task) -> Callable[..., None]:
        def run(context: JobContext, **arguments: Any) -> None:
            # periodic jobs are told their minute; what is due is asked of the clock instead
            arguments.pop("timestamp", None)
            request_context.enter(RequestContext(request_id=f"job-{context.job.id}", action=task.name))
            try:
                # at the first job: a table is known together with those it refers to, of whatever module
                load_all()
                task.function()(self.engine, **arguments)
            except Exception as error:
                attempt, reason = context.job.attempts + 1, reason_of(error)
                frames = "".join(traceback.format_tb(error.__traceback__))
                log.error("job %s of %s, attempt %d: %s\n%s", context.job.id, task.name, attempt, reason, frames)
                with Session(self.engine) as session, session.begin():
                    note_failure(session, context.job.id or 0, task.name, attempt, reason)
                # an error's own words may hold a patient's data; the library would log them
                raise JobFailed(reason) from None

        return run
