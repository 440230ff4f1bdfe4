"""Performed procedure steps: what a device says it is doing for an order (PS3.4 annex F)."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.modules.imaging.models import PerformedStep
from ops_app.modules.imaging.order_numbers import request_id_of
from ops_app.modules.imaging.step_orders import order_follows
from ops_app.modules.visits.models import ServiceRequest

STATES: dict[str, Literal["in_progress", "completed", "discontinued"]] = {
    "IN PROGRESS": "in_progress",
    "COMPLETED": "completed",
    "DISCONTINUED": "discontinued",
}


class StepExists(Exception):
    """The device announced this step before."""


class NoSuchStep(Exception):
    """The device speaks of a step it never announced."""


class StepEnded(Exception):
    """A completed or discontinued step does not change any more."""


def begin(
    session: Session, station: Actor, sop_uid: str, said: dict[str, Any], calling_ae: str, device_id: int | None
) -> PerformedStep:
    """Keep an announced step; ``said`` holds what the index needs beside ``attributes``, the whole data set."""
    if _step(session, sop_uid) is not None:
        raise StepExists
    request_id = request_id_of(said.get("accession_number"))
    request = session.get(ServiceRequest, request_id) if request_id is not None else None
    step = PerformedStep(
        sop_uid=sop_uid,
        state="in_progress",
        service_request_id=request.id if request is not None and request.category == "imaging" else None,
        calling_ae=calling_ae,
        device_id=device_id,
        **said,
    )
    session.add(step)
    session.flush()
    _noted(session, step)
    order_follows(session, station, step)
    return step


def change(
    session: Session,
    station: Actor,
    sop_uid: str,
    state: str | None,
    ended_at: dt.datetime | None,
    attributes: dict[str, Any],
) -> PerformedStep:
    """Merge what a device adds to its step."""
    step = _step(session, sop_uid)
    if step is None:
        raise NoSuchStep
    if step.state != "in_progress":
        raise StepEnded
    step.attributes = {**step.attributes, **attributes}
    if state is not None:
        step.state = STATES[state]
        step.ended_at = ended_at
    session.flush()
    _noted(session, step)
    order_follows(session, station, step)
    return step


def _step(session: Session, sop_uid: str) -> PerformedStep | None:
    return session.scalar(select(PerformedStep).where(PerformedStep.sop_uid == sop_uid).with_for_update())


def _noted(session: Session, step: PerformedStep) -> None:
    after = {"state": step.state, "service_request_id": step.service_request_id, "calling_ae": step.calling_ae}
    audit.changed(session, None, entity="imaging.performed_step", entity_id=step.id, after=after)
