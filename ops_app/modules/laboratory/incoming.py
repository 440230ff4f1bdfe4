"""Reports of analysers and other laboratories coming in, and what an analyser is to measure."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.lab_quality import service as quality
from ops_app.modules.laboratory import external, queries, results
from ops_app.modules.laboratory.incoming_report import (
    AnalyserOrder,
    IncomingPerson,
    IncomingReport,
    IncomingResult,
    Received,
)
from ops_app.modules.laboratory.matching import NoMatch, find_order
from ops_app.modules.laboratory.models import (
    LabOrder,
    OrderService,
    Parameter,
    Report,
    Result,
    ResultFile,
    ServiceParameter,
    Specimen,
)
from ops_app.modules.laboratory.values import Value, converted, is_possible
from ops_app.modules.patients.models import Patient

__all__ = [
    "AnalyserOrder",
    "IncomingPerson",
    "IncomingReport",
    "IncomingResult",
    "Received",
    "open_orders_for",
    "parameter_code",
    "receive_report",
]

TO_MEASURE = ("ordered", "in_progress", "partial")
TO_FILL = ("ordered", "in_progress", "partial", "entered")


def receive_report(db: Session, actor: Actor | None, report: IncomingReport) -> Received:
    """Store a report once: held at its order for review, final from another laboratory, or in the queue."""
    # two connections may bring the same report at the same time
    db.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"laboratory report {report.channel} {report.sender} {report.source_key}"},
    )
    known = db.scalars(
        select(Report).where(
            Report.channel == report.channel, Report.sender == report.sender, Report.source_key == report.source_key
        )
    ).one_or_none()
    if known is not None:
        return Received(known.id, known.state != "unmatched", known.state == "matched")
    row = _kept(db, actor, report)
    if report.analyser is None and not _is_own_order(db, report):
        external.take(db, actor, row, report)
    else:
        _match(db, actor, row, report)
    db.flush()
    audit.changed(
        db,
        actor,
        entity="laboratory.report",
        entity_id=row.id,
        patient_id=row.patient_id,
        after={"state": row.state, "order_id": row.order_id, "why_unmatched": row.why_unmatched},
    )
    return Received(row.id, row.state != "unmatched", row.state == "matched")


def _is_own_order(db: Session, report: IncomingReport) -> bool:
    """Whether a report without an analyser answers an order that our own laboratory works on."""
    if report.specimen_barcode is None:
        return False
    found = db.scalar(select(Specimen.id).where(Specimen.barcode == report.specimen_barcode))
    return found is not None and report.performer is None


def _kept(db: Session, actor: Actor | None, report: IncomingReport) -> Report:
    row = Report(
        channel=report.channel,
        sender=report.sender,
        source_key=report.source_key,
        state="unmatched",
        content=_content(report),
        analyser_id=report.analyser,
        performer=report.performer,
        reported_at=report.reported_at,
    )
    db.add(row)
    db.flush()
    for result in report.results:
        if result.attachment is not None:
            db.add(
                ResultFile(
                    report_id=row.id,
                    content_type=result.attachment_type or "application/octet-stream",
                    title=result.name or result.code,
                    content=result.attachment,
                    sha256=hashlib.sha256(result.attachment).hexdigest(),
                    recorded_by=actor.login if actor else audit.SYSTEM,
                )
            )
    db.flush()
    return row


def _content(report: IncomingReport) -> dict[str, Any]:
    """The report as JSON; files are kept beside it."""
    # `dataclasses.asdict` copies every value deeply: half of the time a report of an analyser takes
    content = _fields(report)
    content["person"] = _fields(report.person) if report.person is not None else None
    content["results"] = [_fields(result) for result in report.results]
    for result in content["results"]:
        del result["attachment"]
    return audit.plain(content)


def _fields(row: IncomingReport | IncomingPerson | IncomingResult) -> dict[str, Any]:
    return {each.name: getattr(row, each.name) for each in dataclasses.fields(row)}


def _match(db: Session, actor: Actor | None, row: Report, report: IncomingReport) -> None:
    try:
        order, specimen = find_order(db, report)
        if fill(db, actor, row, report, order, specimen):
            # the rest is at its order; what is confirmed changes only by a person
            row.state, row.why_unmatched = "unmatched", "confirmed_otherwise"
    except NoMatch as reason:
        row.why_unmatched = reason.code


def fill(
    db: Session, actor: Actor | None, row: Report, report: IncomingReport, order: LabOrder, specimen: Specimen | None
) -> bool:
    """Put the values of a report into an order's tests, to be reviewed; refused when none of them was asked for.

    Says whether it brings other values for what is confirmed already: those are left for a person to correct.

    A report that brings nothing but files belongs to its order all the same: analysers often send theirs afterwards.
    """
    lines = queries.services_of(db, order.id)
    wanted = db.execute(
        select(ServiceParameter.service_id, Parameter)
        .join(Parameter, Parameter.id == ServiceParameter.parameter_id)
        .where(ServiceParameter.service_id.in_([service.id for _line, service in lines]))
    ).all()
    touched: dict[int, OrderService] = {}
    confirmed = differs = False
    for incoming in report.results:
        for line, service in lines:
            if specimen is not None and line.specimen_id != specimen.id:
                continue
            parameter = next(
                (each for service_id, each in wanted if service_id == service.id and names(each, incoming)), None
            )
            if parameter is None or line.status not in (*TO_FILL, "confirmed"):
                continue
            there = results.current(db, line.id, parameter.id)
            if there is not None and there.status == "confirmed":
                confirmed = True
                differs |= _differs(there, read_incoming(parameter, incoming)[0])
                continue
            if _put(db, actor, order, line, parameter, incoming, report, row.id):
                touched[line.id] = line
    if touched or differs or _only_files(report):
        row.order_id, row.patient_id, row.laboratory_id = order.id, order.patient_id, order.laboratory_id
    elif confirmed:
        raise NoMatch("confirmed_already")
    else:
        raise NoMatch("nothing_ordered")
    for line in touched.values():
        results.settle(db, actor, order, line)
    row.state, row.why_unmatched = "matched", None
    return differs


def _differs(there: Result, value: Value | None) -> bool:
    known = (there.value_number, there.comparator, there.value_code, there.value_text)
    return value is not None and known != (value.number, value.comparator, value.code, value.text)


def _only_files(report: IncomingReport) -> bool:
    return bool(report.results) and all(result.attachment_type is not None for result in report.results)


def names(parameter: Parameter, incoming: IncomingResult) -> bool:
    """Whether a value is of this parameter: by the system's own code or by LOINC."""
    if incoming.code_system == "loinc":
        return parameter.loinc is not None and incoming.code == parameter.loinc
    return incoming.code == parameter.code


def parameter_code(db: Session, incoming: IncomingResult) -> str | None:
    """The system's own code of what was measured."""
    named = Parameter.loinc if incoming.code_system == "loinc" else Parameter.code
    found = db.scalars(select(Parameter.code).where(named == incoming.code).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _put(
    db: Session,
    actor: Actor | None,
    order: LabOrder,
    line: OrderService,
    parameter: Parameter,
    incoming: IncomingResult,
    report: IncomingReport,
    report_id: int,
) -> bool:
    value, held = read_incoming(parameter, incoming)
    if value is None:
        return False
    if incoming.status == "preliminary":
        held = _joined(held, "preliminary")
    measured = incoming.observed_at or report.reported_at or clock.now()
    if quality.holds(db, report.analyser, parameter.code, measured) is not None:
        # whatever way it came: what an analyser measures after its control failed waits for a person
        held = _joined("quality_control", held)
    results.put(
        db,
        actor,
        order,
        line,
        parameter,
        value,
        source="analyser",
        held_reason=_joined(incoming.held_reason, held),
        analyser_id=report.analyser,
        method=incoming.method,
        report_id=report_id,
    )
    return True


def read_incoming(parameter: Parameter, incoming: IncomingResult) -> tuple[Value | None, str | None]:
    """The value in the parameter's own terms, and why it has to be looked at before it can stand."""
    if parameter.kind in ("numeric", "titre") and incoming.value_number is not None:
        number = converted(parameter, incoming.value_number, incoming.unit)
        if number is None:
            return Value(text=f"{incoming.value_number:g} {incoming.unit}"), "unknown_unit"
        held = None if is_possible(parameter, number) else "impossible_value"
        return Value(number=number, comparator=incoming.comparator), held
    if parameter.kind == "enumerated":
        told = (incoming.value_code or incoming.value_text or "").strip()
        for choice in parameter.choices or ():
            if told.lower() in {str(choice[name]).lower() for name in ("code", "kk", "ru", "en")}:
                return Value(code=choice["code"]), None
        return (Value(text=told), "unknown_value") if told else (None, None)
    told = (incoming.value_text or incoming.value_code or "").strip()
    if told:
        return Value(text=told), "no_number" if parameter.kind == "numeric" else None
    return None, None


def _joined(*reasons: str | None) -> str | None:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None


def open_orders_for(db: Session, analyser_id: int | None, specimen_barcode: str) -> list[AnalyserOrder]:
    """What is still to be measured from this tube; the codes are the system's own parameter codes."""
    specimen = db.scalars(select(Specimen).where(Specimen.barcode == specimen_barcode)).one_or_none()
    if specimen is None or specimen.status != "received":
        return []
    order = db.get_one(LabOrder, specimen.order_id)
    patient = db.get_one(Patient, order.patient_id)
    asked = db.execute(
        select(OrderService, Parameter.code)
        .join(ServiceParameter, ServiceParameter.service_id == OrderService.service_id)
        .join(Parameter, Parameter.id == ServiceParameter.parameter_id)
        .where(OrderService.specimen_id == specimen.id, OrderService.status.in_(TO_MEASURE))
        .where(Parameter.formula.is_(None), Parameter.kind.not_in(("record", "image")))
        .order_by(OrderService.id, ServiceParameter.position)
    ).all()
    if not asked or order.status == "cancelled":
        return []
    for line, _code in asked:
        if line.started_at is None:
            line.started_at = clock.now()
    db.flush()
    return [
        AnalyserOrder(
            order_number=order.order_number or "",
            specimen_barcode=specimen.barcode,
            person=IncomingPerson(
                identifiers=(("iin", patient.iin),) if patient.iin else (),
                family_name=patient.family_name,
                given_name=patient.given_name,
                patronymic=patient.patronymic,
                birth_date=patient.birth_date,
                sex="male" if patient.sex == "male" else "female" if patient.sex == "female" else None,
            ),
            tests=tuple(dict.fromkeys(code for _line, code in asked)),
            priority=order.priority,
            collected_at=specimen.collected_at,
        )
    ]
