"""The administrator's screen of background jobs."""

from __future__ import annotations

import asyncio
import http.client
import json
import re

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import registry
from ops_app.mechanisms.jobs import queue
from ops_app.mechanisms.jobs.running import Crew
from ops_app.mechanisms.jobs.tables import job
from ops_app.mechanisms.jobs.task import Task
from ops_app.module import Module
from ops_app.modules.audit.models import Event
from ops_app.permissions import Role
from ops_app.registry import RegistrationError
from ops_app.worker import serve
from tests.installation import Database, free_port_base
from tests.ops_app.browser import make_account, signed_in
from tests.ops_app.jobs.running import run_due
from tests.ops_app.jobs.sample import TASKS


@pytest.fixture
def failed_job(module_app: FastAPI, module_database: Database) -> int:
    with Session(module_app.state.engine) as session:
        failing = queue.enqueue(session, "test:fail", secret="42")
        session.commit()
    run_due(module_database, TASKS)
    assert failing is not None
    return failing


def test_a_doctor_does_not_see_jobs(module_app: FastAPI) -> None:
    make_account(module_app.state.engine, "doctor", [(Role.DOCTOR, None)])
    assert signed_in(module_app, "doctor").get("/jobs").status_code == 403


def test_the_administrator_sees_why_a_job_failed_and_runs_it_again(
    module_app: FastAPI, module_database: Database, failed_job: int
) -> None:
    make_account(module_app.state.engine, "keeper", [(Role.ADMINISTRATOR, None)])
    browser = signed_in(module_app, "keeper")
    page = browser.get("/jobs").text
    assert "RuntimeError (sample.py:" in page
    assert "The worker is silent" in page
    assert browser.get("/waiting").json()["jobs:queue"] == 1
    assert browser.post(f"/jobs/{failed_job}/again").status_code == 303
    assert browser.post(f"/jobs/{failed_job}/again").status_code == 409
    assert f"№ {failed_job}" in browser.get("/jobs?state=waiting").text
    run_due(module_database, TASKS)
    assert browser.post(f"/jobs/{failed_job}/aside").status_code == 303
    assert f"№ {failed_job}" in browser.get("/jobs?state=ended").text
    with Session(module_app.state.engine) as session:
        actions = session.scalars(select(Event.action).where(Event.entity == "jobs.job")).all()
        assert actions == ["jobs:run_again", "jobs:set_aside"]
        assert session.scalar(select(job.c.status).where(job.c.id == failed_job)) == "cancelled"


def test_the_worker_shows_its_heartbeat_on_its_port(module_app: FastAPI, module_database: Database) -> None:
    crew = Crew(TASKS, module_database.engine("app"), module_database.libpq("app"))
    port = free_port_base()

    def ask() -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/heartbeat")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    async def ask_while_it_works() -> None:
        working = asyncio.create_task(serve(crew, port))
        while crew.worker is None or crew.worker.worker_id is None:
            await asyncio.sleep(0.05)
        status, body = await asyncio.to_thread(ask)
        assert (status, body["status"]) == (200, "ok")
        crew.worker.worker_id = -1
        status, body = await asyncio.to_thread(ask)
        assert (status, body["status"]) == (503, "silent")
        crew.worker.stop()
        await working

    asyncio.run(ask_while_it_works())


def test_a_wrong_task_stops_the_start() -> None:
    good = Task("jobs:good", "Good", "tests.ops_app.jobs.sample:write_down", idempotent=True)
    stray = Task("other:bad", "Bad", "tests.ops_app.jobs.sample:write_down", idempotent=True)
    with pytest.raises(RegistrationError, match="must be named jobs:"):
        registry.refuse_bad_tasks((Module("jobs", tasks=(stray,)),), (stray,))
    with pytest.raises(RegistrationError, match="used twice"):
        registry.refuse_bad_tasks((Module("jobs", tasks=(good, good)),), (good,))
    with pytest.raises(RegistrationError, match=re.escape("not both in tasks.py and in module.py: jobs:good")):
        registry.refuse_bad_tasks((Module("jobs", tasks=(good,)),), ())
