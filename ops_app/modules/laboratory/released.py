"""Results that were released before a control failed: nobody knows since when the analyser was wrong."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import Session, aliased
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Scope
from ops_app.db import Db
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import queries as quality
from ops_app.modules.lab_quality.models import Hold, Run
from ops_app.modules.laboratory import titles
from ops_app.modules.laboratory.models import LabOrder, OrderService, Parameter, Result, Workplace
from ops_app.modules.laboratory.permissions import ResultConfirmer
from ops_app.modules.laboratory.values import show_value, title_of
from ops_app.modules.patients.header import full_name
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.vitals import show_unit
from ops_app.permissions import Permission
from ops_app.ui.render import page

router = APIRouter(include_in_schema=False)


def _released(hold: Hold, good: Run | None, scope: Scope) -> Select[Result, Parameter, LabOrder, Patient]:
    """Confirmed values of the parameter that came from the analyser since its last good control."""
    own = aliased(Workplace)
    statement = (
        select(Result, Parameter, LabOrder, Patient)
        .join(Parameter, Parameter.id == Result.parameter_id)
        .join(OrderService, OrderService.id == Result.order_service_id)
        .join(LabOrder, LabOrder.id == OrderService.order_id)
        .join(Patient, Patient.id == LabOrder.patient_id)
        .outerjoin(own, own.id == OrderService.workplace_id)
        .where(
            scope.condition(LabOrder.laboratory_id),
            Parameter.code == hold.parameter_code,
            Result.status == "confirmed",
            Result.is_current,
            Result.entered_at <= hold.since,
            or_(
                Result.analyser_id == hold.device_id,
                (Result.source == "manual") & Result.analyser_id.is_(None) & (own.analyser_id == hold.device_id),
            ),
        )
    )
    return statement if good is None else statement.where(Result.entered_at > good.at)


def _last_good(session: Session, hold: Hold) -> Run | None:
    """The last control before the failure that was accepted."""
    failed = session.get_one(Run, hold.run_id)
    return session.scalar(
        select(Run)
        .where(
            Run.target_id == failed.target_id,
            Run.at < failed.at,
            Run.withdrawn_at.is_(None),
            Run.verdict != "rejected",
        )
        .order_by(Run.at.desc(), Run.id.desc())
        .limit(1)
    )


@router.get("/laboratory/quality/holds/{hold_id}/released", name="laboratory:released")
def released(request: Request, actor: ResultConfirmer, db: Db, hold_id: int, paging: Paging) -> Response:
    """What the requesters already have, to be measured again, corrected or left to stand."""
    scope = actor.scope(Permission.LABORATORY_RESULT_CONFIRM)
    hold = quality.hold(db, scope, hold_id)
    if hold is None:
        raise NotFound(_("There is no such failure"))
    good = _last_good(db, hold)
    found = fetch_page(
        db,
        _released(hold, good, scope),
        paging,
        sortable={"at": Result.confirmed_at},
        default=[Result.confirmed_at.desc(), Result.id.desc()],
    )
    audit.read_many(db, actor, {row.Patient.id for row in found.items}, rule="laboratory_released")
    parameter = db.scalars(select(Parameter).where(Parameter.code == hold.parameter_code)).one_or_none()
    return page(
        request,
        "laboratory/released.html",
        hold=hold,
        good=good,
        device=db.get_one(Device, hold.device_id),
        title=title_of(parameter) if parameter is not None else hold.parameter_code,
        found=found,
        shown=_shown,
        full_name=full_name,
        words=titles,
    )


def _shown(row: Row[Any]) -> str:
    return " ".join(filter(None, (show_value(row.Parameter, row.Result), show_unit(row.Parameter.unit))))
