"""Running jobs in tests: those that are due, here and now, or a worker process of its own that can be killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ops_app.mechanisms.jobs.running import Crew
from ops_app.mechanisms.jobs.tables import job
from ops_app.mechanisms.jobs.task import Task, declared
from tests.installation import ROOT, Database


def run_due(database: Database, tasks: tuple[Task, ...] | None = None) -> None:
    """Run every job that is due now, until none is left."""
    due = select(job.c.id).where(
        job.c.status == "todo", or_(job.c.scheduled_at.is_(None), job.c.scheduled_at <= func.now())
    )
    while True:
        crew = Crew(declared() if tasks is None else tasks, database.engine("app"), database.libpq("app"))
        asyncio.run(crew.work(wait=False))
        with Session(database.engine("app")) as session:
            if session.scalar(due.limit(1)) is None:
                return


@contextmanager
def worker_process(database: Database, tasks: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, with the tuple of tasks named ``module:name``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ops_app.jobs.running", database.url("app"), database.libpq("app"), tasks],
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


def wait_until(reached: object, seconds: float = 30) -> None:
    """Wait for a condition, looking ten times a second."""
    assert callable(reached)
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.1)


if __name__ == "__main__":
    import importlib

    from ops_app.worker import job_engine

    url, libpq, named = sys.argv[1:]
    module, name = named.split(":")
    chosen = getattr(importlib.import_module(module), name)
    asyncio.run(Crew(chosen, job_engine(url), libpq).work())
