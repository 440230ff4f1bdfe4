"""Visits as JSON, under the same rules as the pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.db import Db
from ops_app.modules.organizations.queries import place_of
from ops_app.modules.visits import corrections, queries, service
from ops_app.modules.visits.forms import AmendInput, ErrorMark, VisitInput
from ops_app.modules.visits.permissions import PatientVisitWriter, VisitReader, VisitWriter
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission

router = APIRouter(prefix="/api")


class VisitOut(BaseModel):
    """A visit with its rows; ``version`` goes back with an addition."""

    id: int
    patient_id: int
    organization_id: int
    site_id: int | None
    encounter_class: str
    purpose: str
    event_at: dt.datetime
    evidence: str
    disposition: str | None
    note: str | None
    in_error: bool
    version: int
    rows: dict[str, list[dict[str, Any]]]


def _visit(session: Session, encounter_id: int) -> VisitOut:
    encounter = queries.encounter_or_404(session, encounter_id)
    session.refresh(encounter)
    known = {name: getattr(encounter, name) for name in VisitOut.model_fields if hasattr(encounter, name)}
    rows = queries.rows_of(session, [encounter_id])
    return VisitOut(
        **known,
        in_error=encounter.entered_in_error_at is not None,
        version=encounter.row_xid,
        rows={kind: [audit.as_json(row) for row in found] for kind, found in rows.items() if found},
    )


@router.post("/patients/{patient_id}/visits", name="visits:api_record", status_code=201)
def record(access: PatientVisitWriter, db: Db, data: VisitInput) -> VisitOut:
    """Record a visit; the same visit sent twice answers 409."""
    encounter = service.record_visit(db, access.actor, access.patient_id, data, place_of(db, access.actor))
    return _visit(db, encounter.id)


@router.get("/visits/{encounter_id}", name="visits:api_visit")
def visit(actor: VisitReader, db: Db, encounter_id: int) -> VisitOut:
    """A visit with its rows."""
    encounter = queries.encounter_or_404(db, encounter_id)
    open_patient(db, actor, encounter.patient_id, Permission.VISITS_RECORD_READ)
    return _visit(db, encounter_id)


@router.post("/visits/{encounter_id}", name="visits:api_amend")
def amend(actor: VisitWriter, db: Db, encounter_id: int, data: AmendInput) -> VisitOut:
    """Add to a visit; 409 when somebody changed it since."""
    encounter = queries.encounter_or_404(db, encounter_id)
    open_patient(db, actor, encounter.patient_id, Permission.VISITS_VITALS_WRITE)
    service.amend_visit(db, actor, encounter_id, data)
    return _visit(db, encounter_id)


@router.post("/visits/{encounter_id}/error", name="visits:api_mark_in_error")
def mark_in_error(actor: VisitWriter, db: Db, encounter_id: int, data: ErrorMark) -> VisitOut:
    """Mark a visit as entered in error."""
    encounter = queries.encounter_or_404(db, encounter_id)
    open_patient(db, actor, encounter.patient_id, Permission.VISITS_VITALS_WRITE)
    corrections.mark_visit_in_error(db, actor, encounter_id, data.reason)
    return _visit(db, encounter_id)
