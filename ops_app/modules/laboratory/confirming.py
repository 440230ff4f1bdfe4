"""Confirmation: from then on the requester sees the result, and the card, the API and the warehouse know it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.questionnaire.evaluation import Facts, evaluate
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.lab_quality import queries as quality
from ops_app.modules.laboratory import follow_up, queries
from ops_app.modules.laboratory.forms import CallForm, ConfirmForm
from ops_app.modules.laboratory.loading import expression, named_in
from ops_app.modules.laboratory.models import (
    CriticalCall,
    LabOrder,
    OrderService,
    Parameter,
    ReflexRule,
    Result,
    Service,
    Workplace,
)
from ops_app.modules.laboratory.ordering import add_reflex
from ops_app.modules.laboratory.ranges import CRITICAL
from ops_app.modules.laboratory.results import known_values, locked_line, log_result
from ops_app.modules.laboratory.values import show_value, title_of
from ops_app.modules.visits import performing
from ops_app.modules.visits.laboratory_values import record_value
from ops_app.permissions import Permission


def confirm(session: Session, actor: Actor, order_service_id: int, data: ConfirmForm) -> OrderService:
    """Answer for the entered values of a test; what is still missing can follow later."""
    line, order = locked_line(session, order_service_id)
    refuse_unauthorised(actor, order)
    present = queries.current_results(session, [line.id])
    rows = [(row, parameter) for row, parameter in present if row.status == "entered"]
    if not rows:
        raise Conflict(_("There is nothing to confirm here"))
    if data.seen is not None and data.seen != fingerprint(row for row, _parameter in rows):
        told = _("These values changed after the page was opened; look at them and confirm once more")
        raise Invalid(told, field="conclusion")
    for row, parameter in rows:
        row.held_reason = why_held(session, row, parameter)
    held = [row for row, _parameter in rows if row.held_reason]
    if held and not data.held_because:
        raise Invalid(_("Say why the held results may stand, or have them measured again"), field="held_because")
    now = clock.now()
    for row, parameter in rows:
        before = audit.snapshot(row)
        row.status, row.confirmed_at, row.confirmed_by = "confirmed", now, actor.login
        row.confirmed_practitioner_id = actor.practitioner_id
        if row.held_reason and data.held_because:
            row.held_reason = f"{row.held_reason}; {data.held_because}"
        release(session, actor, order, row, parameter, "final")
        log_result(session, actor, row, before)
    complete = line.status == "entered"
    line.conclusion = data.conclusion or line.conclusion
    line.confirmed_at, line.confirmed_by = now, actor.login
    line.status = "confirmed" if complete else "partial"
    session.flush()
    if complete and line.service_request_id is not None:
        performing.complete(session, actor, line.service_request_id, _summary(rows, line.conclusion))
    add_reflex_tests(session, actor, order)
    _close(session, order)
    follow_up.look_at(session, actor, order, [row for row, _parameter in rows])
    plan_refresh.refresh(session, actor, order.patient_id)
    return line


def fingerprint(rows: Iterable[Result]) -> str:
    """Of values that wait for confirmation: another one when anybody puts one in, changes or removes it."""
    told = sorted(
        (row.id, row.comparator, row.value_number, row.value_code, row.value_text, row.file_id)
        for row in rows
        if row.status == "entered"
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def why_held(session: Session, row: Result, parameter: Parameter) -> str | None:
    """Why a value waits; also when its analyser failed the control after it: nobody knows since when it is wrong."""
    told = row.held_reason
    if row.status != "entered" or "quality_control" in (told or ""):
        return told
    if not _control_failed(session, row, parameter):
        return told
    return "; ".join(filter(None, ("quality_control", told)))


def _control_failed(session: Session, row: Result, parameter: Parameter) -> bool:
    """Whether the analyser that measured it is held; of a calculated value: whether anything it was worked out of is.

    A value typed from the screen of an analyser depends on it as much as one it sent: the workplace names it.
    """
    if row.source == "calculated":
        return _inputs_held(session, row, parameter)
    analyser = row.analyser_id
    if analyser is None and row.source == "manual" and row.order_service_id is not None:
        analyser = session.scalar(
            select(Workplace.analyser_id)
            .join(OrderService, OrderService.workplace_id == Workplace.id)
            .where(OrderService.id == row.order_service_id)
        )
    return analyser is not None and quality.open_hold(session, analyser, parameter.code) is not None


def _inputs_held(session: Session, row: Result, parameter: Parameter) -> bool:
    line = queries.order_service_or_404(session, row.order_service_id or 0)
    codes = {each.code for each in queries.parameters(session)}
    named = named_in(expression(parameter.formula or "", codes))
    lines = [each.id for each, _service in queries.services_of(session, line.order_id)]
    return any(
        "quality_control" in (source.held_reason or "")
        if source.status == "confirmed"
        else "quality_control" in (why_held(session, source, of) or "")
        for source, of in queries.current_results(session, lines)
        if of.code in named and source.id != row.id
    )


def refuse_unauthorised(actor: Actor, order: LabOrder) -> None:
    """Refuse whoever does not answer for results of this laboratory."""
    if not actor.scope(Permission.LABORATORY_RESULT_CONFIRM).allows(order.laboratory_id):
        raise Forbidden(_("Results are confirmed by an authorised person of the laboratory"))


def _summary(rows: Sequence[tuple[Result, Parameter]], conclusion: str | None) -> str:
    values = "; ".join(
        f"{title_of(parameter)} {show_value(parameter, row)} {parameter.unit or ''}".strip() for row, parameter in rows
    )
    return "\n".join(filter(None, (values, conclusion)))[:4000]


def release(session: Session, actor: Actor, order: LabOrder, row: Result, parameter: Parameter, status: str) -> None:
    """Write the value as an observation of the person."""
    text = show_value(parameter, row)
    exact = row.value_number is not None and row.comparator is None and parameter.kind != "titre"
    if not text or parameter.kind == "image":
        return
    row.observation_id = record_value(
        session,
        actor,
        patient_id=order.patient_id,
        organization_id=order.laboratory_id,
        practitioner_id=actor.practitioner_id,
        encounter_id=order.encounter_id,
        is_loinc=parameter.loinc is not None,
        code=parameter.loinc or parameter.code,
        # a comparator or a titre has no place in a number, and without it the number would say something else
        value_number=row.value_number if exact else None,
        unit=parameter.unit if exact else None,
        value_code=row.value_code,
        value_text=None if exact or row.value_code is not None else text[:4000],
        status=status,
        at=row.measured_at,
        from_device=row.source in ("analyser", "external"),
        source_key=f"result:{row.id}",
    ).id


def add_reflex_tests(session: Session, actor: Actor, order: LabOrder) -> None:
    """Add the services that the results ask for."""
    rules = session.scalars(select(ReflexRule).where(ReflexRule.is_active).order_by(ReflexRule.id)).all()
    codes = {parameter.code for parameter in queries.parameters(session)}
    values = known_values(session, order)
    present = {service.id for _line, service in queries.services_of(session, order.id)}
    for rule in rules:
        if rule.service_id in present:
            continue
        if evaluate(expression(rule.condition, codes), Facts(values)) is True:
            add_reflex(session, actor, order, session.get_one(Service, rule.service_id), title_of(rule))
            present.add(rule.service_id)


def _close(session: Session, order: LabOrder) -> None:
    states = {line.status for line, _service in queries.services_of(session, order.id)}
    if states <= {"confirmed", "replaced", "cancelled"}:
        order.status = "completed"
        session.flush()


def result_or_404(session: Session, result_id: int) -> Result:
    """A result."""
    row = session.get(Result, result_id)
    if row is None:
        raise NotFound(_("There is no such result"))
    return row


def record_call(session: Session, actor: Actor, result_id: int, data: CallForm) -> CriticalCall:
    """Keep who was told of a critical value; it counts only when it was read back."""
    row = result_or_404(session, result_id)
    if row.order_service_id is None:
        raise Conflict(_("A result of another laboratory is told by that laboratory"))
    _line, order = locked_line(session, row.order_service_id)
    if not actor.scope(Permission.LABORATORY_RESULT_ENTER).allows(order.laboratory_id):
        raise Forbidden(_("This order belongs to another laboratory"))
    if row.flag not in CRITICAL:
        raise Conflict(_("This value is not critical"))
    if not data.read_back:
        raise Invalid(_("Ask the person to read the value back to you"), field="read_back")
    call = CriticalCall(
        result_id=row.id,
        told_to=data.told_to,
        told_at=clock.now(),
        told_by=actor.login,
        read_back=data.read_back,
        note=data.note,
    )
    session.add(call)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="laboratory.critical_call",
        entity_id=call.id,
        patient_id=row.patient_id,
        after=audit.snapshot(call),
    )
    return call


def calls_missing(session: Session, actor: Actor) -> int:
    """How many critical values of the actor's laboratories nobody was told of."""
    return session.scalar(_untold(actor).with_only_columns(func.count())) or 0


def first_to_call(session: Session, actor: Actor) -> int | None:
    """The order whose critical value waits longest for a call."""
    return session.scalar(_untold(actor).order_by(Result.entered_at, Result.id).limit(1))


def _untold(actor: Actor) -> Select[int]:
    scope = actor.scope(Permission.LABORATORY_RESULT_ENTER)
    return (
        select(LabOrder.id)
        .select_from(Result)
        .join(OrderService, OrderService.id == Result.order_service_id)
        .join(LabOrder, LabOrder.id == OrderService.order_id)
        .where(
            scope.condition(LabOrder.laboratory_id),
            Result.is_current,
            Result.flag.in_(CRITICAL),
            Result.status.in_(("entered", "confirmed")),
            ~select(CriticalCall.id).where(CriticalCall.result_id == Result.id).exists(),
        )
    )
