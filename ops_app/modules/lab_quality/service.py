"""Every write of quality control, and the question whether a result must wait."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.devices.models import Device
from ops_app.modules.lab_quality import parameters, queries
from ops_app.modules.lab_quality.forms import CloseForm, LotForm, RunForm, TargetForm, WithdrawForm
from ops_app.modules.lab_quality.models import ControlLot, Hold, Run, Target
from ops_app.modules.lab_quality.westgard import broken_rules, rejects, z_score
from ops_app.permissions import Permission


def holds(session: Session, analyser_id: int | None, parameter_code: str, at: dt.datetime) -> str | None:
    """The rules that keep a result of this parameter, measured then on this analyser, from being released."""
    if analyser_id is None:
        return None
    found = queries.hold_at(session, analyser_id, parameter_code, at)
    return ", ".join(found.rules) if found else None


def open_lot(session: Session, actor: Actor, form: LotForm) -> ControlLot:
    """Take a lot into use."""
    if not actor.scope(Permission.LAB_QUALITY_LOT_MANAGE).allows(form.organization_id):
        raise Forbidden(_("This organisation is not yours to administer"))
    if form.expires_on <= clock.today():
        raise Invalid(_("The lot has expired"), field="expires_on")
    if queries.open_lot(session, form.organization_id, form.specimen_code) is not None:
        raise Invalid(_("A lot in use already bears this code; close it first"), field="specimen_code")
    row = ControlLot(**form.model_dump(), opened_by=actor.login)
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity="lab_quality.control_lot", entity_id=row.id, after=audit.snapshot(row))
    return row


def close_lot(session: Session, actor: Actor, lot: ControlLot) -> None:
    """The lot is used up; its charts stay."""
    if lot.closed_at is not None:
        raise Conflict(_("The lot is closed already"))
    lot.closed_at = clock.now()
    session.flush()
    after = {"closed_at": lot.closed_at}
    audit.changed(
        session, actor, entity="lab_quality.control_lot", entity_id=lot.id, before={"closed_at": None}, after=after
    )


def set_target(session: Session, actor: Actor, lot: ControlLot, form: TargetForm) -> Target:
    """Say what a lot must give on an analyser; a chart begins anew with a new target."""
    if lot.closed_at is not None:
        raise Conflict(_("The lot is closed already"))
    device = session.get(Device, form.device_id)
    if (
        device is None
        or device.kind != "analyser"
        or not actor.scope(Permission.LAB_QUALITY_LOT_MANAGE).allows(device.organization_id)
    ):
        raise Invalid(_("Choose one of the listed values"), field="device_id")
    parameter = parameters.by_code(session, form.parameter_code)
    if parameter is None:
        # under a name nobody else uses a failed control would hold nothing back
        raise Invalid(_("Choose one of the listed values"), field="parameter_code")
    old = queries.standing_target(session, lot.id, form.device_id, form.parameter_code)
    if old is not None:
        old.replaced_at = clock.now()
        session.flush()
    row = Target(lot_id=lot.id, **form.model_dump(), unit=parameter.unit, set_by=actor.login)
    session.add(row)
    session.flush()
    before = {"mean": old.mean, "sd": old.sd, "unit": old.unit} if old else None
    after: dict[str, object] = {"mean": row.mean, "sd": row.sd, "unit": row.unit}
    if before is None:
        after |= {"lot_id": lot.id, "device_id": row.device_id, "parameter_code": row.parameter_code}
    audit.changed(session, actor, entity="lab_quality.target", entity_id=row.id, before=before, after=after)
    return row


def record_run(session: Session, actor: Actor, target: Target, lot: ControlLot, form: RunForm) -> Run:
    """Enter a control measured by hand."""
    at = clock.from_local(*form.moment)
    if at > clock.now() + dt.timedelta(minutes=5):
        raise Invalid(_("The time lies in the future"), field="time" if form.time else "date")
    if target.replaced_at is not None or lot.closed_at is not None:
        raise Conflict(_("This chart is closed: the lot is used up or its target was replaced"))
    parameter = parameters.by_code(session, target.parameter_code)
    # a slip of the hand would hold the results of everybody measured since the last control
    if form.value < 0 <= ((parameter.possible_low if parameter is not None else None) or 0) and target.mean >= 0:
        raise Invalid(_("This cannot be below zero"), field="value")
    return _judge(session, actor, target, form.value, at, None)


def record_from_device(
    session: Session,
    device: Device,
    specimen_code: str,
    parameter_code: str,
    value: float,
    at: dt.datetime,
    source_key: str,
) -> Run | None:
    """Enter a control that an analyser measured; None when the lot has no target for the parameter."""
    lot = queries.open_lot(session, device.organization_id, specimen_code)
    target = queries.standing_target(session, lot.id, device.id, parameter_code) if lot else None
    if target is None:
        return None
    return queries.run_by_source(session, target.id, source_key) or _judge(session, None, target, value, at, source_key)


def _judge(
    session: Session, actor: Actor | None, target: Target, value: float, at: dt.datetime, source_key: str | None
) -> Run:
    z = z_score(value, target.mean, target.sd)
    before = queries.newest_hold(session, target.device_id, target.parameter_code, at)
    # After a failure something was changed: what was measured before it says nothing about what comes after.
    after = before.since if before else None
    history = [*queries.earlier_z(session, target.id, after, at), z]
    rules = broken_rules(history, queries.companion_z(session, target, after, at))
    rejected = rejects(rules)
    row = Run(
        target_id=target.id,
        at=at,
        value=value,
        z=z,
        verdict="rejected" if rejected else "warning" if rules else "in_control",
        rules=rules,
        source_key=source_key,
        recorded_by=actor.login if actor else audit.SYSTEM,
    )
    session.add(row)
    session.flush()
    told = {"target_id": target.id, "value": value, "z": round(z, 3), "rules": rules}
    audit.changed(session, actor, entity="lab_quality.run", entity_id=row.id, after=told)
    if rejected and queries.open_hold(session, target.device_id, target.parameter_code) is None:
        _open_hold(session, actor, target, row)
    return row


def _open_hold(session: Session, actor: Actor | None, target: Target, run: Run) -> None:
    row = Hold(
        device_id=target.device_id,
        parameter_code=target.parameter_code,
        run_id=run.id,
        rules=run.rules,
        since=run.at,
    )
    session.add(row)
    session.flush()
    audit.changed(session, actor, entity="lab_quality.hold", entity_id=row.id, after=audit.snapshot(row))


def withdraw_run(session: Session, actor: Actor, run: Run, form: WithdrawForm) -> None:
    """Take a run out of the chart's reckoning; a hold it began still waits for a person."""
    if run.withdrawn_at is not None:
        raise Conflict(_("The run is withdrawn already"))
    run.withdrawn_at, run.withdrawn_by, run.withdrawn_reason = clock.now(), actor.login, form.reason
    session.flush()
    after = {"withdrawn_reason": form.reason}
    audit.changed(
        session, actor, entity="lab_quality.run", entity_id=run.id, before={"withdrawn_reason": None}, after=after
    )


def close_hold(session: Session, actor: Actor, hold: Hold, form: CloseForm) -> None:
    """Release the results measured from now on: the cause is known, and the control is right again."""
    if hold.closed_at is not None:
        raise Conflict(_("The hold is closed already"))
    failed = session.get_one(Run, hold.run_id)
    last = queries.last_run(session, failed.target_id)
    if last is None or last.at < failed.at or (last.id == failed.id) or last.verdict == "rejected":
        raise Invalid(_("Measure the control again first: the last run of this lot must be within its limits"))
    hold.closed_at, hold.closed_by = clock.now(), actor.login
    hold.cause, hold.corrective_action = form.cause, form.corrective_action
    session.flush()
    after = {"closed_by": actor.login, "cause": form.cause, "corrective_action": form.corrective_action}
    audit.changed(
        session, actor, entity="lab_quality.hold", entity_id=hold.id, before=dict.fromkeys(after), after=after
    )
