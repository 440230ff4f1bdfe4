"""Work lists and signal cases as JSON, under the same rules as the pages."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from ops_app import audit
from ops_app.db import Db
from ops_app.errors import Forbidden
from ops_app.i18n import _
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.worklist import queries, service
from ops_app.modules.worklist.forms import DecisionForm, ListFilter, OpeningForm
from ops_app.modules.worklist.models import Signal
from ops_app.modules.worklist.permissions import CaseDecider, CaseReader, TaskReader
from ops_app.permissions import Permission

router = APIRouter(prefix="/api")


class CaseOut(BaseModel):
    """A case without the person."""

    case_id: str
    signal_code: str
    rule_version: str
    organization_id: int | None
    site_id: int | None
    event_at: dt.datetime
    known_at: dt.datetime
    next_step: str | None
    due_at: dt.datetime | None
    severity: str
    state: str
    closed_at: dt.datetime | None
    closed_by: str | None
    evidence: dict[str, Any]
    as_of: dt.datetime


class TaskOut(CaseOut):
    """A case of the team's list with its person."""

    patient_id: int
    decision: str | None


class ListedCase(CaseOut):
    """A case of the official's list with the decision that stands."""

    decision: str | None


class DecisionOut(BaseModel):
    """A recorded decision; its ``id`` goes back as ``seen`` with the next one."""

    id: int
    decision: str
    due_at: dt.datetime | None
    decided_at: dt.datetime


def _values(case: Signal) -> dict[str, Any]:
    known = {name: getattr(case, name) for name in CaseOut.model_fields if name != "evidence"}
    return known | {"evidence": json.loads(case.evidence)}


@router.get("/worklist", name="worklist:api_tasks")
def tasks(actor: TaskReader, db: Db, paging: Paging) -> list[TaskOut]:
    """Open cases of the actor's places with the person behind each."""
    statement = queries.tasks(actor.scope(Permission.WORKLIST_TASK_READ))
    found = fetch_page(db, statement, paging, sortable={}, default=[], count=False)
    audit.read_many(db, actor, sorted({row.Patient.id for row in found.items}), rule="task")
    return [TaskOut(**_values(row.Signal), patient_id=row.Patient.id, decision=row.decision) for row in found.items]


@router.get("/signals", name="worklist:api_signals")
def signals(actor: CaseReader, db: Db, paging: Paging, code: str | None = None, late: bool = False) -> list[ListedCase]:
    """Cases of the official's scope, without the person."""
    statement = queries.cases(actor.scope(Permission.SIGNALS_CASE_READ), ListFilter(code=code, late=late))
    default = [queries.IS_LATE.desc(), Signal.due_at, Signal.case_id]
    found = fetch_page(db, statement, paging, sortable={}, default=default, count=False)
    return [ListedCase(**_values(row.Signal), decision=row.decision) for row in found.items]


@router.post("/signals/{case_id}/reason", name="worklist:api_state_reason", status_code=204)
def state_reason(actor: CaseReader, db: Db, case_id: str, data: OpeningForm) -> None:
    """Say why a case is opened."""
    case = queries.case_or_404(db, actor.scope(Permission.SIGNALS_CASE_READ), case_id)
    service.open_case(db, actor, case, data)


@router.post("/signals/{case_id}/decisions", name="worklist:api_decide", status_code=201)
def decide(actor: CaseDecider, db: Db, case_id: str, data: DecisionForm) -> DecisionOut:
    """Decide on an opened case; 409 when somebody decided meanwhile."""
    case = queries.case_or_404(db, actor.scope(Permission.SIGNALS_CASE_DECIDE), case_id)
    if not queries.has_opened(db, actor.account_id, case_id):
        raise Forbidden(_("Say first why you open this case"))
    return DecisionOut.model_validate(service.decide(db, actor, case, data), from_attributes=True)
