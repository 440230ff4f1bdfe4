"""A confirmed value put right: the old version stays readable, and what was worked out of it follows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.documents.forming import withdraw
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.laboratory import confirming, follow_up, queries
from ops_app.modules.laboratory.forms import CorrectForm
from ops_app.modules.laboratory.loading import expression, named_in
from ops_app.modules.laboratory.models import LabOrder, Parameter, Result
from ops_app.modules.laboratory.results import (
    calculate,
    judge,
    known_values,
    locked_line,
    log_result,
    worked_out,
)
from ops_app.modules.laboratory.values import Value, read_value
from ops_app.modules.visits.laboratory_values import withdraw_value


def correct(session: Session, actor: Actor, result_id: int, data: CorrectForm) -> Result:
    """Put a new version in the place of a confirmed value; the old one stays readable with the reason."""
    old = confirming.result_or_404(session, result_id)
    if old.order_service_id is None:
        raise Conflict(_("A result of another laboratory is corrected by that laboratory"))
    line, order = locked_line(session, old.order_service_id)
    confirming.refuse_unauthorised(actor, order)
    session.refresh(old)
    if old.status != "confirmed" or not old.is_current:
        raise Conflict(_("Only the confirmed result in force can be corrected"))
    parameter = session.get_one(Parameter, old.parameter_id)
    try:
        value: Value = read_value(parameter, data.value)
    except Invalid as refused:
        raise Invalid(refused.message, field="value") from refused
    row = _replace(session, actor, order, old, parameter, value, "manual", data.reason)
    rows = [row, *_follow(session, actor, order, parameter, data.reason)]
    calculate(session, actor, order)
    confirming.add_reflex_tests(session, actor, order)
    if order.document_id is not None:
        # who holds the paper must not go on believing it
        withdraw(session, actor, order.document_id, data.reason)
    line.seen_at = line.seen_by = None
    session.flush()
    follow_up.look_at(session, actor, order, rows, again=True)
    plan_refresh.refresh(session, actor, order.patient_id)
    return row


def _follow(session: Session, actor: Actor, order: LabOrder, changed: Parameter, reason: str) -> list[Result]:
    """Confirmed values that were worked out of the changed one, each put right after it."""
    lines = [line.id for line, _service in queries.services_of(session, order.id)]
    codes = {each.code for each in queries.parameters(session)}
    touched, found = {changed.code}, list[Result]()
    for old, parameter in queries.current_results(session, lines):
        if old.source != "calculated" or old.status != "confirmed" or parameter.formula is None:
            continue
        if not named_in(expression(parameter.formula, codes)) & touched:
            continue
        touched.add(parameter.code)
        number = worked_out(parameter, known_values(session, order), codes)
        if number is None:
            _put_out_of_force(session, actor, old, reason)
        elif number != old.value_number:
            value = Value(number=number)
            found.append(_replace(session, actor, order, old, parameter, value, "calculated", reason))
    return found


def _put_out_of_force(session: Session, actor: Actor, old: Result, reason: str) -> None:
    before = audit.snapshot(old)
    old.status, old.is_current = "corrected", False
    session.flush()
    if old.observation_id is not None:
        withdraw_value(session, actor, old.observation_id, reason)
    log_result(session, actor, old, before)


def _replace(
    session: Session,
    actor: Actor,
    order: LabOrder,
    old: Result,
    parameter: Parameter,
    value: Value,
    source: str,
    reason: str,
) -> Result:
    _put_out_of_force(session, actor, old, reason)
    now = clock.now()
    row = Result(
        patient_id=old.patient_id,
        parameter_id=old.parameter_id,
        order_service_id=old.order_service_id,
        version=old.version + 1,
        status="confirmed",
        source=source,
        value_number=value.number,
        comparator=value.comparator,
        value_code=value.code,
        value_text=value.text,
        unit=parameter.unit,
        method=old.method,
        measured_at=old.measured_at,
        entered_by=actor.login,
        entered_at=now,
        confirmed_at=now,
        confirmed_by=actor.login,
        confirmed_practitioner_id=actor.practitioner_id,
        correction_reason=reason,
    )
    judge(session, order, parameter, row, value)
    session.add(row)
    session.flush()
    confirming.release(session, actor, order, row, parameter, "corrected")
    log_result(session, actor, row, None)
    return row


def versions(session: Session, result: Result) -> Sequence[Result]:
    """All versions of a value that were in force, newest first."""
    return session.scalars(
        select(Result)
        .where(
            Result.order_service_id == result.order_service_id,
            Result.parameter_id == result.parameter_id,
            Result.status.in_(("confirmed", "corrected")),
        )
        .order_by(Result.version.desc())
    ).all()
