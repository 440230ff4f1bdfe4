"""Reports of other laboratories: final as they were signed there.

Parameter by parameter only where they come in the system's classifier; the rest is a document that is marked so.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.laboratory import corrections, follow_up, queries, ranges
from ops_app.modules.laboratory.incoming_report import IncomingReport, IncomingResult
from ops_app.modules.laboratory.matching import mismatch, person_by_identifier
from ops_app.modules.laboratory.models import LabOrder, OrderService, Parameter, Report, Result
from ops_app.modules.laboratory.result_models import FLAGS
from ops_app.modules.laboratory.results import trimester_at
from ops_app.modules.laboratory.values import Value, converted, is_possible, judged, show_value
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import current_attachment, record_ids
from ops_app.modules.visits import performing
from ops_app.modules.visits.laboratory_values import ANOTHER_LABORATORY, record_value
from ops_app.modules.visits.models import Encounter


def take(session: Session, actor: Actor | None, row: Report, report: IncomingReport) -> None:
    """Give a report to the person it names: by our order's number, else by the IIN; else it waits for somebody."""
    order = queries.order_by_number(session, report.placer_number) if report.placer_number else None
    if order is not None and report.person is not None and mismatch(session, order.patient_id, report.person):
        row.why_unmatched = "another_person"
        return
    patient_id = order.patient_id if order is not None else person_by_identifier(session, report.person)
    if patient_id is None:
        row.why_unmatched = "no_person"
        return
    give(session, actor, row, report, patient_id, order)


def give(
    session: Session,
    actor: Actor | None,
    row: Report,
    report: IncomingReport,
    patient_id: int,
    order: LabOrder | None,
) -> None:
    """Store the values that are mapped; a corrected report takes the place of the one it corrects."""
    row.state, row.why_unmatched, row.patient_id = "external", None, patient_id
    row.order_id = order.id if order is not None else None
    if report.status == "preliminary":
        # shown as a document until the other laboratory signs it
        return
    patient = session.get_one(Patient, patient_id)
    organization_id = order.organization_id if order is not None else _home(session, patient_id)
    earlier, newer = corrections.siblings(session, row, report)
    if newer is not None:
        # a message overtook the one it corrects: what this one says is history already
        row.replaced_by_id = newer.id
        return
    stored = []
    reason = corrections.reason_of(report)
    if report.status == "cancelled":
        corrections.withdraw_all(session, actor, row, earlier, reason)
        return
    for incoming in report.results:
        parameter = _mapped(session, incoming)
        if parameter is None or incoming.status == "preliminary":
            continue
        old = corrections.take_back(session, actor, earlier, parameter, reason)
        if incoming.status == "cancelled":
            continue
        result = _store(session, actor, row, report, incoming, parameter, patient, order, organization_id, old)
        if result is not None:
            stored.append(result)
    corrections.close(session, row, report, earlier)
    session.flush()
    if order is not None:
        _finish(session, actor, order, report)
        # the service that was carried out is what programmes ask for, not its values
        plan_refresh.refresh(session, actor, patient_id)
    if stored and organization_id is not None:
        follow_up.look_at_report(session, actor, row, stored, organization_id, order)


def _home(session: Session, patient_id: int) -> int | None:
    """Who follows an unasked report up: where the person is attached, else where he was last seen or tested."""
    records = record_ids(session, patient_id)
    attachment = current_attachment(session, records)
    if attachment is not None:
        return attachment.organization_id
    return session.scalar(
        select(Encounter.organization_id)
        .where(Encounter.patient_id.in_(records), Encounter.entered_in_error_at.is_(None))
        .order_by(Encounter.event_at.desc())
        .limit(1)
    ) or session.scalar(
        select(LabOrder.organization_id)
        .where(LabOrder.patient_id.in_(records))
        .order_by(LabOrder.ordered_at.desc())
        .limit(1)
    )


def _mapped(session: Session, incoming: IncomingResult) -> Parameter | None:
    """The parameter, when the other laboratory used the system's classifier: its codes or LOINC."""
    if incoming.code_system == "loinc":
        found = session.scalars(select(Parameter).where(Parameter.loinc == incoming.code).limit(2)).all()
        return found[0] if len(found) == 1 else None
    if incoming.code_system == "saulyq":
        return session.scalar(select(Parameter).where(Parameter.code == incoming.code))
    return None


def _store(
    session: Session,
    actor: Actor | None,
    row: Report,
    report: IncomingReport,
    incoming: IncomingResult,
    parameter: Parameter,
    patient: Patient,
    order: LabOrder | None,
    organization_id: int | None,
    old: Result | None,
) -> Result | None:
    value = _value(parameter, incoming)
    if value is None:
        return None
    at = incoming.observed_at or report.collected_at or report.reported_at or clock.now()
    login = actor.login if actor else audit.SYSTEM
    result = Result(
        patient_id=patient.id,
        parameter_id=parameter.id,
        report_id=row.id,
        status="confirmed",
        source="external",
        value_number=value.number,
        comparator=value.comparator,
        value_code=value.code,
        value_text=value.text,
        unit=parameter.unit,
        reference_text=incoming.reference,
        flag=_flag(session, parameter, value, incoming, patient, order, at),
        method=incoming.method,
        performer=report.performer or report.sender,
        measured_at=at,
        entered_by=login,
        entered_at=clock.now(),
        confirmed_at=report.reported_at or clock.now(),
        confirmed_by=report.performer or report.sender,
        version=old.version + 1 if old is not None else 1,
        correction_reason=corrections.reason_of(report) if old is not None else None,
    )
    session.add(result)
    session.flush()
    text = show_value(parameter, result)
    exact = value.number is not None and value.comparator is None and parameter.kind == "numeric"
    if text and organization_id is not None:
        result.observation_id = record_value(
            session,
            actor,
            patient_id=patient.id,
            organization_id=organization_id,
            practitioner_id=None,
            encounter_id=order.encounter_id if order is not None else None,
            is_loinc=parameter.loinc is not None,
            code=parameter.loinc or parameter.code,
            value_number=value.number if exact else None,
            unit=parameter.unit if exact else None,
            value_code=value.code,
            value_text=None if exact or value.code is not None else text[:4000],
            status="corrected" if old is not None or report.status == "corrected" else "final",
            at=at,
            from_device=True,
            source_key=f"result:{result.id}",
            source_system=ANOTHER_LABORATORY,
        ).id
    return result


def _value(parameter: Parameter, incoming: IncomingResult) -> Value | None:
    """The value in our unit; a number in a unit nobody can convert is no value of the parameter."""
    if incoming.value_number is not None and parameter.kind in ("numeric", "titre"):
        if incoming.unit is None and parameter.conversions:
            # 90 may be either of two units, and nobody here can ask their analyser
            return None
        number = converted(parameter, incoming.value_number, incoming.unit)
        if number is None or not is_possible(parameter, number):
            return None
        return Value(number=number, comparator=incoming.comparator)
    told = (incoming.value_code or incoming.value_text or "").strip()
    if parameter.kind == "enumerated":
        for choice in parameter.choices or ():
            if told.lower() in {str(choice[name]).lower() for name in ("code", "kk", "ru", "en")}:
                return Value(code=choice["code"])
        return None
    return Value(text=told) if told and parameter.kind in ("text", "record") else None


_SENT_FLAGS = {flag: flag for flag in FLAGS} | {"<": "L", ">": "H", "HU": "H", "LU": "L"}
"""Flags of HL7 v2 table 0078 and of ASTM."""


def _flag(
    session: Session,
    parameter: Parameter,
    value: Value,
    incoming: IncomingResult,
    patient: Patient,
    order: LabOrder | None,
    at: dt.datetime,
) -> str | None:
    """What the other laboratory said; where it said nothing, our range. A critical value is critical in any case."""
    limits = None
    if value.number is not None:
        day = clock.local(at).date()
        limits = ranges.choose(
            queries.ranges_of(session, [parameter.id])[parameter.id],
            ranges.Subject(
                patient.sex,
                ranges.age_in_days(patient.birth_date, day),
                day,
                trimester_at(session, patient, at),
                incoming.method,
            ),
        )
    ours = judged(parameter, value, limits)
    if ours in ranges.CRITICAL:
        return ours
    return _SENT_FLAGS.get((incoming.flag or "").upper().strip()) or ours


def _finish(session: Session, actor: Actor | None, order: LabOrder, report: IncomingReport) -> None:
    """Our order was carried out there: its tests are done with that report; a cancelled order stays cancelled."""
    if order.status == "cancelled":
        return
    lines = queries.services_of(session, order.id)
    fitting = [line for line, service in lines if report.service_code in (None, service.code)]
    for line in fitting or [line for line, _service in lines]:
        if line.status in queries.OPEN_SERVICES and _nothing_entered(session, line):
            line.status, line.confirmed_at = "confirmed", report.reported_at or clock.now()
            line.confirmed_by, line.conclusion = report.performer or report.sender, report.conclusion
            if line.service_request_id is not None:
                told = report.conclusion or report.service_name or report.performer or report.sender
                performing.complete(session, actor, line.service_request_id, told)
    if all(line.status in ("confirmed", "replaced", "cancelled") for line, _service in lines):
        order.status = "completed"
    session.flush()


def _nothing_entered(session: Session, line: OrderService) -> bool:
    return session.scalar(select(Result.id).where(Result.order_service_id == line.id).limit(1)) is None
