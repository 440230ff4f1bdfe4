"""Every write of an administrator on background jobs, and their housekeeping."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict
from ops_app.i18n import _
from ops_app.mechanisms.jobs import queue


def run_again(session: Session, actor: Actor, job_id: int) -> None:
    """Queue a failed job once more."""
    if not queue.run_again(session, job_id):
        raise Conflict(_("This job has not failed, or somebody has already dealt with it"))
    audit.changed(session, actor, entity="jobs.job", entity_id=job_id, after={"state": "waiting"})


def set_aside(session: Session, actor: Actor, job_id: int) -> None:
    """Give a failed job up."""
    if not queue.set_aside(session, job_id):
        raise Conflict(_("This job has not failed, or somebody has already dealt with it"))
    audit.changed(session, actor, entity="jobs.job", entity_id=job_id, after={"state": "set aside"})


def forget_finished_jobs(engine: Engine) -> None:
    """Remove jobs that ended long ago."""
    with Session(engine) as session, session.begin():
        queue.forget_finished(session)
