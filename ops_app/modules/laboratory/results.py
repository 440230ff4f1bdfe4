"""Results before confirmation: entered, calculated, changed, removed; each judged by the range of its person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.evaluation import Facts, evaluate, is_number, rounded
from ops_app.mechanisms.questionnaire.evaluation import Value as Answer
from ops_app.modules.episodes.plans import gestation
from ops_app.modules.episodes.queries import pregnancy_at
from ops_app.modules.laboratory import queries
from ops_app.modules.laboratory.loading import expression
from ops_app.modules.laboratory.models import (
    LabOrder,
    OrderService,
    Parameter,
    Result,
    Service,
    ServiceParameter,
    Specimen,
)
from ops_app.modules.laboratory.ranges import Candidate, Subject, age_in_days, choose, delta_exceeded, trimester_of
from ops_app.modules.laboratory.values import Value, field_text, judged, read_value, show_value
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import record_ids
from ops_app.permissions import Permission

READY = ("in_progress", "partial", "entered")


def may_enter(actor: Actor, order: LabOrder) -> bool:
    """Whether the actor enters results of this laboratory."""
    return actor.scope(Permission.LABORATORY_RESULT_ENTER).allows(order.laboratory_id)


def locked_line(session: Session, order_service_id: int) -> tuple[OrderService, LabOrder]:
    """A service of an order with its order, both held until the commit."""
    line = queries.order_service_or_404(session, order_service_id)
    order = queries.locked_order(session, line.order_id)
    session.refresh(line)
    return line, order


def enter(
    session: Session,
    actor: Actor,
    order_service_id: int,
    typed: Mapping[str, str],
    was: Mapping[str, str] | None = None,
) -> OrderService:
    """Save what was typed so far by parameter code; empty fields are left for later.

    ``was`` is what stood in the fields when the page was opened. A field nobody touched is not saved again: the
    value of an analyser stays the analyser's, with what holds it back.
    """
    line, order = locked_line(session, order_service_id)
    _check(session, actor, line, order)
    errors = typed_errors(session, order_service_id, typed, was)
    for code, told in errors.items():
        raise Invalid(told, field=code)
    known = {parameter.code: parameter for parameter, _place in queries.parameters_of(session, line.service_id)}
    for code, text in typed.items():
        if code not in known:
            raise NotFound(_("There is no such parameter"))
        if _is_touched(session, line, known[code], text, was):
            put(session, actor, order, line, known[code], read_value(known[code], text), source="manual")
    settle(session, actor, order, line)
    return line


def _check(session: Session, actor: Actor, line: OrderService, order: LabOrder) -> None:
    if not may_enter(actor, order):
        raise Forbidden(_("This order belongs to another laboratory"))
    if order.status == "cancelled" or line.status == "cancelled":
        raise Conflict(_("This test is cancelled; no result can be entered"))
    if line.status == "replaced":
        raise Conflict(_("This test was replaced by another; enter the result there"))
    if line.status not in (*READY, "confirmed"):
        raise Conflict(_("The material of this test was not accepted yet"))


def put(
    session: Session,
    actor: Actor | None,
    order: LabOrder,
    line: OrderService,
    parameter: Parameter,
    value: Value,
    *,
    source: str,
    **more: Any,
) -> Result:
    """Store a value that is not confirmed yet, judged by its range and beside the earlier one."""
    now = clock.now()
    found = current(session, line.id, parameter.id)
    if found is not None and found.status == "confirmed":
        raise Conflict(_("This result is confirmed; it can only be corrected"), field=parameter.code)
    before = audit.snapshot(found) if found is not None else None
    row = found or Result(
        patient_id=order.patient_id, parameter_id=parameter.id, order_service_id=line.id, status="entered"
    )
    tube = session.get(Specimen, line.specimen_id) if line.specimen_id else None
    row.measured_at = tube.collected_at if tube is not None and tube.collected_at else now
    row.source, row.entered_at, row.entered_by = source, now, actor.login if actor else audit.SYSTEM
    row.value_number, row.comparator = value.number, value.comparator
    row.value_code, row.value_text = value.code, value.text
    row.unit, row.held_reason, row.analyser_id, row.method = parameter.unit, None, None, None
    row.answers = row.questionnaire_version_id = row.file_id = None
    for name, told in more.items():
        setattr(row, name, told)
    judge(session, order, parameter, row, value)
    session.add(row)
    if line.started_at is None:
        line.started_at = now
    log_result(session, actor, row, before)
    return row


def log_result(session: Session, actor: Actor | None, row: Result, before: dict[str, Any] | None) -> None:
    """Write a result, and what became of it into the audit journal."""
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.result",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )


def current(session: Session, order_service_id: int, parameter_id: int) -> Result | None:
    """The newest version of one value."""
    return session.scalar(
        select(Result).where(
            Result.order_service_id == order_service_id, Result.parameter_id == parameter_id, Result.is_current
        )
    )


def subject_of(session: Session, order: LabOrder, at: dt.datetime, method: str | None) -> Subject:
    """Of whom, when and how."""
    patient = session.get_one(Patient, order.patient_id)
    day = clock.local(at).date()
    trimester = trimester_at(session, patient, at)
    if trimester is None and order.trimester is not None and day == clock.local(order.ordered_at).date():
        # taken on the day of the order, before the hour the card was opened or after it was closed
        trimester = order.trimester
    return Subject(patient.sex, age_in_days(patient.birth_date, day), day, trimester, method, order.laboratory_id)


def trimester_at(session: Session, patient: Patient, at: dt.datetime) -> int | None:
    """In which third of her pregnancy a woman was then; 0 where the week is not known, None where she was not."""
    if patient.sex != "female":
        return None
    card = pregnancy_at(session, record_ids(session, patient.id), at)
    if card is None:
        return None
    return trimester_of(gestation(card.lmp_date, clock.local(at).date())[0]) if card.lmp_date else 0


def judge(session: Session, order: LabOrder, parameter: Parameter, row: Result, value: Value) -> None:
    """Note the limits of the person, what the value is beside them, and an earlier one that differs too much."""
    limits: Candidate | None = choose(
        queries.ranges_of(session, [parameter.id])[parameter.id],
        subject_of(session, order, row.measured_at, row.method),
    )
    row.low, row.high = (limits.low, limits.high) if limits else (None, None)
    row.critical_low, row.critical_high = (limits.critical_low, limits.critical_high) if limits else (None, None)
    row.flag = judged(parameter, value, limits)
    row.delta_from = row.delta_at = None
    if value.number is not None and value.comparator is None and parameter.delta_days is not None:
        earlier = earlier_result(session, order, parameter, row.measured_at)
        before = earlier.value_number if earlier is not None else None
        if before is not None and delta_exceeded(value.number, before, parameter.delta_percent):
            row.delta_from, row.delta_at = before, earlier.measured_at if earlier is not None else None


def earlier_result(session: Session, order: LabOrder, parameter: Parameter, at: dt.datetime) -> Result | None:
    """The newest confirmed value of the person within the days the parameter names."""
    since = at - dt.timedelta(days=parameter.delta_days or 0)
    return session.scalar(
        select(Result)
        .where(
            Result.patient_id.in_(record_ids(session, order.patient_id)),
            Result.parameter_id == parameter.id,
            Result.status == "confirmed",
            Result.is_current,
            Result.comparator.is_(None),
            Result.measured_at >= since,
            Result.measured_at < at,
        )
        .order_by(Result.measured_at.desc())
        .limit(1)
    )


def remove(session: Session, actor: Actor, result_id: int) -> OrderService:
    """Remove a value that is not confirmed."""
    result = session.get(Result, result_id)
    if result is None or result.order_service_id is None:
        raise NotFound(_("There is no such result"))
    line, order = locked_line(session, result.order_service_id)
    session.refresh(result)
    _check(session, actor, line, order)
    if result.status != "entered":
        raise Conflict(_("A confirmed result cannot be removed, only corrected"))
    _take_away(session, actor, result)
    settle(session, actor, order, line)
    return line


def _take_away(session: Session, actor: Actor | None, result: Result) -> None:
    before = audit.snapshot(result)
    result.status, result.is_current = "removed", False
    log_result(session, actor, result, before)


def settle(session: Session, actor: Actor | None, order: LabOrder, line: OrderService) -> None:
    """Calculate what follows from the values, and say how complete the test is."""
    calculate(session, actor, order)
    line.status = _completeness(session, line)
    if line.status == "entered" and line.entered_at is None:
        line.entered_at = clock.now()
    session.flush()


def _completeness(session: Session, line: OrderService) -> str:
    needed = {
        parameter.id
        for parameter, place in queries.parameters_of(session, line.service_id)
        if not place.is_optional and parameter.formula is None
    }
    rows = [row for row, _parameter in queries.current_results(session, [line.id])]
    if not rows:
        return "in_progress"
    if needed - {row.parameter_id for row in rows}:
        return "partial"
    return "confirmed" if all(row.status == "confirmed" for row in rows) else "entered"


def known_values(session: Session, order: LabOrder) -> dict[str, Answer]:
    """Values of an order by parameter code, with what a formula may know of the person."""
    lines = [line.id for line, _service in queries.services_of(session, order.id)]
    values: dict[str, Answer] = {}
    newest = order.ordered_at
    for row, parameter in queries.current_results(session, lines):
        newest = max(newest, row.measured_at)
        if row.value_number is not None and row.comparator is None:
            values[parameter.code] = row.value_number
        elif row.value_code is not None:
            values[parameter.code] = row.value_code
    patient = session.get_one(Patient, order.patient_id)
    day, born = clock.local(newest).date(), patient.birth_date
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    return values | {
        "patient_age_years": float(months // 12),
        "patient_age_months": float(months),
        "patient_sex": patient.sex,
    }


def calculate(session: Session, actor: Actor | None, order: LabOrder) -> None:
    """Work out the calculated parameters of the order's tests; a value somebody measured stays."""
    wanted = session.execute(
        select(OrderService, Parameter)
        .join(ServiceParameter, ServiceParameter.service_id == OrderService.service_id)
        .join(Parameter, Parameter.id == ServiceParameter.parameter_id)
        .join(Service, Service.id == OrderService.service_id)
        .where(OrderService.order_id == order.id, OrderService.status.in_(READY), Parameter.formula.is_not(None))
        .order_by(OrderService.id, ServiceParameter.position)
    ).all()
    if not wanted:
        return
    codes = {parameter.code for parameter in queries.parameters(session)}
    values = known_values(session, order)
    for line, parameter in wanted:
        there = current(session, line.id, parameter.id)
        if there is not None and (there.source != "calculated" or there.status == "confirmed"):
            continue
        number = worked_out(parameter, values, codes)
        if number is not None:
            values[parameter.code] = number
            if there is None or there.value_number != number:
                put(session, actor, order, line, parameter, Value(number=number), source="calculated")
        elif there is not None:
            # what it was worked out of is gone
            values.pop(parameter.code, None)
            _take_away(session, actor, there)


def worked_out(parameter: Parameter, values: Mapping[str, Answer], codes: set[str]) -> float | None:
    """A calculated parameter of these values; None when one it needs is missing."""
    found = evaluate(expression(parameter.formula or "", codes), Facts(values))
    if not is_number(found):
        return None
    return rounded(float(found), parameter.decimals if parameter.decimals is not None else 2)  # type: ignore[arg-type]


def _is_touched(
    session: Session, line: OrderService, parameter: Parameter, text: str, was: Mapping[str, str] | None
) -> bool:
    if not text.strip() or parameter.formula is not None:
        return False
    there = field_text(parameter, current(session, line.id, parameter.id))
    return text.strip() not in (there.strip(), was.get(parameter.code, "").strip() if was is not None else "")


def typed_errors(
    session: Session, order_service_id: int, typed: Mapping[str, str], was: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What is wrong with each typed value, so that a page shows all at once; nobody else enters until the commit."""
    line, _order = locked_line(session, order_service_id)
    errors: dict[str, str] = {}
    for parameter, _place in queries.parameters_of(session, line.service_id):
        text = typed.get(parameter.code, "")
        if not _is_touched(session, line, parameter, text, was):
            continue
        there = current(session, line.id, parameter.id)
        shown = field_text(parameter, there)
        if there is not None and was is not None and was.get(parameter.code, "").strip() != shown.strip():
            errors[parameter.code] = _(
                "%(value)s was entered here meanwhile; save once more if yours is right",
                value=show_value(parameter, there),
            )
            continue
        try:
            read_value(parameter, text)
        except OpsError as refused:
            errors[parameter.code] = refused.message
    return errors
