"""Jobs: in the transaction of the request, repeated with backoff, kept when they fail, brought back when killed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from procrastinate.schema import migrations_path
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.jobs.models import Failure
from ops_app.mechanisms.jobs.tables import event, job, worker
from ops_app.mechanisms.jobs.task import Task, backoff, declared
from tests.installation import Database
from tests.ops_app.jobs.running import run_due, wait_until, worker_process
from tests.ops_app.jobs.sample import TASKS

BY_NAME = {task.name: task for task in TASKS}


@pytest.fixture
def session(module_database: Database) -> Iterator[Session]:
    with Session(module_database.engine("app")) as session:
        yield session


def status(database: Database, job_id: int | None) -> str:
    with Session(database.engine("app")) as session:
        return str(session.scalar(select(job.c.status).where(job.c.id == job_id)))


@pytest.mark.parametrize("role", ["pipeline", "egress", "dashboards"])
def test_other_roles_do_not_see_the_queue(module_database: Database, role: str) -> None:
    with (
        psycopg.connect(module_database.libpq(role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from procrastinate.procrastinate_jobs")


def test_a_job_exists_only_if_the_transaction_commits(
    module_database: Database, session: Session, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    queue.enqueue(session, "test:write", path=str(said), word="rolled back")
    session.rollback()
    done = queue.enqueue(session, "test:write", path=str(said), word="committed")
    session.commit()
    run_due(module_database, TASKS)
    assert said.read_text() == "committed\n"
    assert status(module_database, done) == "succeeded"


def test_once_queues_nothing_while_another_waits(session: Session) -> None:
    first = queue.enqueue(session, "test:write", once="daily", at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    assert first is not None
    assert queue.enqueue(session, "test:write", once="daily") is None
    session.rollback()


def test_a_failing_job_is_repeated_and_then_kept_for_an_administrator(
    module_database: Database, session: Session
) -> None:
    failing = queue.enqueue(session, "test:fail", secret="Ахметова 850612400123")
    session.commit()
    run_due(module_database, TASKS)
    assert status(module_database, failing) == "failed"
    reasons = session.scalars(select(Failure).where(Failure.job_id == failing).order_by(Failure.id)).all()
    assert [failure.attempt for failure in reasons] == [1, 2, 3]
    assert reasons[0].reason.startswith("RuntimeError (sample.py:")
    assert "Ахметова" not in "".join(failure.reason for failure in reasons)


def test_a_failed_job_can_be_run_again_or_set_aside_but_not_twice(module_database: Database, session: Session) -> None:
    failing = queue.enqueue(session, "test:fail", secret="x")
    session.commit()
    run_due(module_database, TASKS)
    assert failing is not None
    assert queue.run_again(session, failing)
    assert not queue.run_again(session, failing)
    session.commit()
    run_due(module_database, TASKS)
    assert status(module_database, failing) == "failed"
    assert queue.set_aside(session, failing)
    assert not queue.set_aside(session, failing)
    session.commit()
    assert status(module_database, failing) == "cancelled"


def test_ended_jobs_are_forgotten_after_their_time(module_database: Database, session: Session, tmp_path: Path) -> None:
    old, young = (queue.enqueue(session, "test:write", path=str(tmp_path / "x"), word="w") for _ in range(2))
    failed = queue.enqueue(session, "test:fail", secret="x")
    session.commit()
    run_due(module_database, TASKS)
    session.execute(update(event).where(event.c.job_id.in_([old, failed])).values(at=func.now() - dt.timedelta(days=8)))
    queue.forget_finished(session)
    session.commit()
    assert [status(module_database, each) for each in (old, young, failed)] == ["None", "succeeded", "failed"]


def test_a_job_whose_worker_was_killed_runs_again_only_if_declared_idempotent(
    module_database: Database, session: Session, tmp_path: Path
) -> None:
    again, once = tmp_path / "again", tmp_path / "once"
    repeatable = queue.enqueue(session, "test:dwell", path=str(again))
    single = queue.enqueue(session, "test:once", path=str(once))
    session.commit()
    with worker_process(module_database, "tests.ops_app.jobs.sample:TASKS"):
        wait_until(lambda: again.exists() and once.exists())
    # the worker is dead now; it is found out by its silence, moved into the past here
    session.execute(update(worker).values(last_heartbeat=func.now() - dt.timedelta(minutes=1)))
    assert queue.recover(session, BY_NAME) == 2
    session.commit()
    run_due(module_database, TASKS)
    assert (again.read_text(), status(module_database, repeatable)) == ("xx", "succeeded")
    assert (once.read_text(), status(module_database, single)) == ("x", "failed")
    assert queue.recover(session, BY_NAME) == 0


def test_a_task_that_may_not_be_repeated_has_one_attempt() -> None:
    with pytest.raises(ValueError, match="may not be repeated"):
        Task("test:bad", "Bad", "nowhere:nothing", idempotent=False, attempts=2)


@given(st.integers(1, 10_000), st.integers(1, 100_000), st.integers(1, 1_000_000))
def test_waits_grow_and_stay_bounded(attempt: int, first: int, longest: int) -> None:
    limit = dt.timedelta(seconds=longest)
    wait = backoff(dt.timedelta(seconds=first), attempt, limit)
    assert wait <= limit
    assert wait <= backoff(dt.timedelta(seconds=first), attempt + 1, limit)


def test_every_declared_task_can_be_imported() -> None:
    assert all(callable(task.function()) for task in declared())


def test_the_library_brings_no_sql_that_no_migration_applies() -> None:
    newest = max(file.name for file in migrations_path.glob("*.sql"))
    assert newest == "03.04.00_50_post_add_retry_failed_job_procedure.sql", "apply its new files in a migration"
