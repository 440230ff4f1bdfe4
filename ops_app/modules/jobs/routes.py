"""The administrator's screen of background jobs."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request
from starlette.responses import Response

from ops_app.db import Db
from ops_app.i18n import N_, _
from ops_app.kit import clock
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.jobs.tables import job
from ops_app.modules.jobs import queries, service
from ops_app.modules.jobs.permissions import JobKeeper
from ops_app.ui.render import page, redirect

router = APIRouter()

STATES = {
    "failed": N_("Failed"),
    "waiting": N_("In the queue"),
    "running": N_("Running"),
    "ended": N_("Ended"),
}
SILENT_AFTER = dt.timedelta(minutes=1)


@router.get("/jobs", name="jobs:queue")
def queue(request: Request, actor: JobKeeper, db: Db, paging: Paging, state: str = "failed") -> Response:
    shown = state if state in STATES else "failed"
    found = fetch_page(
        db,
        queries.jobs(shown),
        paging,
        sortable={"task": job.c.task_name, "attempts": job.c.attempts},
        default=[job.c.id.desc()],
        count=False,
    )
    heartbeat = queries.last_heartbeat(db)
    return page(
        request,
        "jobs/queue.html",
        found=found,
        state=shown,
        states=STATES,
        counts=queries.counts(db),
        titles={task.name: task.title for module in request.app.state.modules for task in module.tasks},
        heartbeat=heartbeat,
        is_silent=heartbeat is None or clock.now() - heartbeat > SILENT_AFTER,
    )


@router.post("/jobs/{job_id}/again", name="jobs:run_again")
def run_again(request: Request, job_id: int, actor: JobKeeper, db: Db) -> Response:
    service.run_again(db, actor, job_id)
    return redirect(request, str(request.app.url_path_for("jobs:queue")), _("The job will run again in a moment"))


@router.post("/jobs/{job_id}/aside", name="jobs:set_aside")
def set_aside(request: Request, job_id: int, actor: JobKeeper, db: Db) -> Response:
    service.set_aside(db, actor, job_id)
    return redirect(request, str(request.app.url_path_for("jobs:queue")), _("The job is set aside"))
