"""Pages of quality control."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.accounts.queries import organization_choices
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import chart, parameters, queries, service
from ops_app.modules.lab_quality.forms import CloseForm, LotForm, RunForm, TargetForm, WithdrawForm
from ops_app.modules.lab_quality.models import ControlLot, Hold, Run, Target
from ops_app.modules.lab_quality.permissions import HoldCloser, LotManager, RunReader, RunWriter
from ops_app.modules.lab_quality.titles import RULES, VERDICTS
from ops_app.modules.visits.vitals import show_unit
from ops_app.permissions import Permission
from ops_app.ui.render import local_name, page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/laboratory/quality", name="lab_quality:overview")
def overview(request: Request, actor: RunReader, db: Db, closed: bool = False) -> Response:
    """Every chart with its last run."""
    scope = actor.scope(Permission.LAB_QUALITY_RUN_READ)
    rows = queries.targets(db, scope, closed=closed)
    return page(
        request,
        "lab_quality/overview.html",
        rows=rows,
        named=parameters.titles(db),
        show_unit=show_unit,
        last=queries.last_runs(db, [row.Target.id for row in rows]),
        held={
            (row.Target.device_id, row.Target.parameter_code)
            for row in rows
            if queries.open_hold(db, row.Target.device_id, row.Target.parameter_code)
        },
        waiting=queries.waiting(db, scope),
        closed=closed,
        verdicts=VERDICTS,
        manages=actor.may(Permission.LAB_QUALITY_LOT_MANAGE),
    )


@router.get("/laboratory/quality/charts/{target_id}", name="lab_quality:chart")
def levey_jennings(request: Request, target_id: int, actor: RunReader, db: Db) -> Response:
    """The Levey-Jennings chart of one control."""
    now = clock.local(clock.now())
    return _chart_page(request, db, actor, target_id, blank({"date": now.date(), "time": f"{now:%H:%M}"}))


@router.post("/laboratory/quality/charts/{target_id}/runs", name="lab_quality:record_run")
def record_run(request: Request, target_id: int, actor: RunWriter, db: Db, posted: PostedForm) -> Response:
    """Enter a control."""
    found = queries.target(db, actor.scope(Permission.LAB_QUALITY_RUN_WRITE), target_id)
    if found is None:
        raise NotFound(_("There is no such chart"))
    form = posted.check(RunForm)
    if form.value is not None:
        try:
            run = service.record_run(db, actor, found.Target, found.ControlLot, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            kind = {"rejected": "danger", "warning": "warning"}.get(run.verdict, "success")
            told = {
                "rejected": _("Rejected by %(rules)s: results of this parameter are held", rules=", ".join(run.rules)),
                "warning": _("Warning: beyond 2 SD"),
            }.get(run.verdict, _("Within limits"))
            return redirect(request, _chart_url(request, target_id), told, kind)
    return _chart_page(request, db, actor, target_id, form, 422)


@router.post("/laboratory/quality/runs/{run_id}/withdraw", name="lab_quality:withdraw_run")
def withdraw_run(request: Request, run_id: int, actor: RunWriter, db: Db, posted: PostedForm) -> Response:
    """Take a run out of the reckoning."""
    run = queries.run(db, actor.scope(Permission.LAB_QUALITY_RUN_WRITE), run_id)
    if run is None:
        raise NotFound(_("There is no such run"))
    form = posted.check(WithdrawForm)
    if form.value is None:
        return redirect(
            request, _chart_url(request, run.target_id), _("Say why the run does not count, in a few words"), "danger"
        )
    service.withdraw_run(db, actor, run, form.value)
    return redirect(request, _chart_url(request, run.target_id), _("The run is withdrawn"))


@router.get("/laboratory/quality/holds", name="lab_quality:holds")
def holds(request: Request, actor: RunReader, db: Db, paging: Paging, closed: bool = False) -> Response:
    """Failures that wait for a cause, or those that were closed."""
    found = fetch_page(
        db,
        queries.holds(actor.scope(Permission.LAB_QUALITY_RUN_READ), closed=closed),
        paging,
        sortable={},
        default=[Hold.since.desc(), Hold.id.desc()],
    )
    may_close = actor.may(Permission.LAB_QUALITY_HOLD_CLOSE)
    return page(
        request,
        "lab_quality/holds.html",
        named=parameters.titles(db),
        found=found,
        closed=closed,
        rules=RULES,
        may_close=may_close,
        form=blank(),
    )


@router.get("/laboratory/quality/holds/{hold_id}", name="lab_quality:hold")
def hold(request: Request, hold_id: int, actor: HoldCloser, db: Db) -> Response:
    """The form that closes a failure."""
    return _hold_page(request, db, _own_hold(db, actor, hold_id), blank())


@router.post("/laboratory/quality/holds/{hold_id}/close", name="lab_quality:close_hold")
def close_hold(request: Request, hold_id: int, actor: HoldCloser, db: Db, posted: PostedForm) -> Response:
    """Close a failure with its cause and what was done."""
    row = _own_hold(db, actor, hold_id)
    form = posted.check(CloseForm)
    if form.value is not None:
        try:
            service.close_hold(db, actor, row, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            target = str(request.app.url_path_for("lab_quality:holds"))
            return redirect(request, target, _("Closed: results measured from now on are released"))
    return _hold_page(request, db, row, form, 422)


@router.get("/laboratory/quality/lots", name="lab_quality:lots")
def lots(request: Request, actor: RunReader, db: Db) -> Response:
    """Control lots, and the form of a new one."""
    return _lots_page(request, db, actor, blank({"level": 1}))


@router.post("/laboratory/quality/lots", name="lab_quality:open_lot")
def open_lot(request: Request, actor: LotManager, db: Db, posted: PostedForm) -> Response:
    """Take a lot into use."""
    form = posted.check(LotForm)
    if form.value is not None:
        try:
            row = service.open_lot(db, actor, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            return redirect(request, _lot_url(request, row.id), _("The lot is in use; now set its targets"))
    return _lots_page(request, db, actor, form, 422)


@router.get("/laboratory/quality/lots/{lot_id}", name="lab_quality:lot")
def lot(request: Request, lot_id: int, actor: RunReader, db: Db) -> Response:
    """One lot and its targets."""
    return _lot_page(request, db, actor, _own_lot(db, actor, lot_id, Permission.LAB_QUALITY_RUN_READ), blank())


@router.post("/laboratory/quality/lots/{lot_id}/targets", name="lab_quality:set_target")
def set_target(request: Request, lot_id: int, actor: LotManager, db: Db, posted: PostedForm) -> Response:
    """Set a target."""
    row = _own_lot(db, actor, lot_id, Permission.LAB_QUALITY_LOT_MANAGE)
    form = posted.check(TargetForm)
    if form.value is not None:
        try:
            service.set_target(db, actor, row, form.value)
        except Invalid as refused:
            form.refuse(refused)
        else:
            return redirect(request, _lot_url(request, lot_id), _("Saved"))
    return _lot_page(request, db, actor, row, form, 422)


@router.post("/laboratory/quality/lots/{lot_id}/close", name="lab_quality:close_lot")
def close_lot(request: Request, lot_id: int, actor: LotManager, db: Db) -> Response:
    """The lot is used up."""
    service.close_lot(db, actor, _own_lot(db, actor, lot_id, Permission.LAB_QUALITY_LOT_MANAGE))
    return redirect(request, str(request.app.url_path_for("lab_quality:lots")), _("The lot is closed"))


def _chart_url(request: Request, target_id: int) -> str:
    return str(request.app.url_path_for("lab_quality:chart", target_id=target_id))


def _lot_url(request: Request, lot_id: int) -> str:
    return str(request.app.url_path_for("lab_quality:lot", lot_id=lot_id))


def _own_lot(db: Session, actor: Actor, lot_id: int, permission: Permission) -> ControlLot:
    row = queries.lot(db, actor.scope(permission), lot_id)
    if row is None:
        raise NotFound(_("There is no such lot"))
    return row


def _own_hold(db: Session, actor: Actor, hold_id: int) -> Hold:
    row = queries.hold(db, actor.scope(Permission.LAB_QUALITY_HOLD_CLOSE), hold_id)
    if row is None:
        raise NotFound(_("There is no such failure"))
    return row


def _chart_page(
    request: Request, db: Session, actor: Actor, target_id: int, form: Form[RunForm], status_code: int = 200
) -> Response:
    found = queries.target(db, actor.scope(Permission.LAB_QUALITY_RUN_READ), target_id)
    if found is None:
        raise NotFound(_("There is no such chart"))
    runs = queries.runs(db, target_id)
    is_open = found.Target.replaced_at is None and found.ControlLot.closed_at is None
    return page(
        request,
        "lab_quality/chart.html",
        target=found.Target,
        title=parameters.titles(db).get(found.Target.parameter_code, found.Target.parameter_code),
        unit=show_unit(found.Target.unit),
        lot=found.ControlLot,
        device=found.Device,
        runs=runs,
        chart=chart.chart(found.Target, runs),
        size=chart,
        figures=chart.figures(found.Target, runs),
        hold=queries.open_hold(db, found.Target.device_id, found.Target.parameter_code),
        form=form,
        writes=is_open and actor.may(Permission.LAB_QUALITY_RUN_WRITE),
        closes=actor.may(Permission.LAB_QUALITY_HOLD_CLOSE),
        verdicts=VERDICTS,
        rules=RULES,
        status_code=status_code,
    )


def _hold_page(request: Request, db: Session, row: Hold, form: Form[CloseForm], status_code: int = 200) -> Response:
    run = db.get_one(Run, row.run_id)
    target = db.get_one(Target, run.target_id)
    return page(
        request,
        "lab_quality/hold.html",
        hold=row,
        title=parameters.titles(db).get(row.parameter_code, row.parameter_code),
        unit=show_unit(target.unit),
        run=run,
        target=target,
        device=db.get_one(Device, row.device_id),
        last=queries.last_run(db, target.id),
        form=form,
        rules=RULES,
        verdicts=VERDICTS,
        status_code=status_code,
    )


def _lots_page(request: Request, db: Session, actor: Actor, form: Form[LotForm], status_code: int = 200) -> Response:
    scope = actor.scope(Permission.LAB_QUALITY_LOT_MANAGE)
    return page(
        request,
        "lab_quality/lots.html",
        rows=queries.lots(db, actor.scope(Permission.LAB_QUALITY_RUN_READ)),
        form=form,
        manages=bool(scope),
        places=[(each.id, "– " * depth + local_name(each)) for each, depth in organization_choices(db, scope)],
        status_code=status_code,
    )


def _lot_page(
    request: Request, db: Session, actor: Actor, row: ControlLot, form: Form[TargetForm], status_code: int = 200
) -> Response:
    scope = actor.scope(Permission.LAB_QUALITY_LOT_MANAGE)
    held = queries.targets(db, actor.scope(Permission.LAB_QUALITY_RUN_READ), closed=True)
    rows = [each for each in held if each.Target.lot_id == row.id]
    return page(
        request,
        "lab_quality/lot.html",
        lot=row,
        rows=rows,
        named=parameters.titles(db),
        show_unit=show_unit,
        parameters=parameters.choices(db),
        form=form,
        analysers=[(each.id, each.name) for each in queries.analysers(db, scope)],
        manages=row.closed_at is None and scope.allows(row.organization_id),
        status_code=status_code,
    )
