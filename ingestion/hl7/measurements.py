"""ORU of monitors and wearable devices: measurements of a person's own body, not of a specimen."""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.hl7.observed import result_of
from ingestion.hl7.people import described, found_or_refused
from ingestion.hl7.results import groups
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app import audit
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.hl7_structure import DATA_TYPE, TABLE_VALUE
from ops_app.modules.devices.models import Device
from ops_app.modules.devices.queries import by_sender
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.laboratory.incoming_report import IncomingResult
from ops_app.modules.monitoring import device_intake, device_queries, intake
from ops_app.modules.monitoring.indicators import Implausible, UnknownUnit, normalised
from ops_app.modules.monitoring.intake import CLOCKS_DIFFER
from ops_app.modules.monitoring.observation import LOINC, Quantity
from ops_app.modules.patients import queries
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation

KINDS = ("monitor", "wearable")
"""Kinds of registered devices whose results are measurements."""


def interpret(incoming: Incoming, device: Device) -> Outcome:
    """Each value once: judged where the person is watched, else a fact of the card; no hand has touched it."""
    patient: Patient | None = None
    records = []
    for group in groups(incoming.message.segments, specimen_first=False):
        assert group.request is not None
        for observation, number, notes in group.observations:
            result = result_of(observation, number, notes, group.request)
            if result is not None and result.status != "cancelled":
                at = _moment(result, number)
                patient = patient or _patient(incoming, device, at)
                records.append(_watched(incoming, device, patient, result, at, number))
    if patient is None:
        patient = found_or_refused(incoming, incoming.segment("PID"))
    if records:
        device_intake.heard(incoming.session, device, f"{records[0].kind}:{records[0].id}")
    return Outcome(tuple(records), patient_id=patient.id, organization_id=device.organization_id)


def tell_refused(session: Session, row: InboundMessage) -> None:
    """A refused message of a home device is somebody's task: nobody would be alerted by what it measures."""
    device = by_sender(session, "hl7", row.sender)
    if device is not None and device.kind in KINDS and row.error is not None:
        device_intake.tell_refused(session, device, str(row.error["text"]))


def _moment(result: IncomingResult, number: int) -> dt.datetime:
    at = result.observed_at
    if at is None or at > clock.now() + CLOCKS_DIFFER:
        raise NotInterpreted(
            "The time of the measurement is missing or lies ahead",
            segment="OBX",
            sequence=number,
            field=14,
            code=DATA_TYPE,
        )
    return at


def _patient(incoming: Incoming, device: Device, at: dt.datetime) -> Patient:
    """Whom the message names; where it names nobody, whoever had the device. Both must not disagree."""
    person = incoming.message.first("PID")
    named = described(incoming, person) if person is not None else None
    binding = device_queries.binding_at(incoming.session, device.id, at)
    if binding is not None and (named is None or not (named.iin or named.numbers)):
        return incoming.session.get_one(Patient, queries.standing_for(incoming.session, binding.patient_id))
    patient = found_or_refused(incoming, incoming.segment("PID"))
    if binding is not None and queries.standing_for(incoming.session, binding.patient_id) != patient.id:
        raise NotInterpreted("The message names another person than the device is with", segment="PID", field=3)
    return patient


def _watched(
    incoming: Incoming, device: Device, patient: Patient, result: IncomingResult, at: dt.datetime, number: int
) -> Became:
    """A value of somebody who is watched goes the way of every device: limits, alert, escalation."""
    session = incoming.session
    records = queries.record_ids(session, patient.id)
    enrolment = device_queries.enrolment_at(session, device, records, at)
    meant = None
    if enrolment is not None and result.value_number is not None:
        system = LOINC if result.code_system == "loinc" else result.code_system
        quantity = Quantity("OBX-5", ((system, result.code),), result.value_number, result.unit, result.comparator)
        meant = device_intake.meaning(session, device, quantity)
    if enrolment is None or meant is None or enrolment.patient_id not in records:
        return Became("visits.observation", _observation(incoming, device, patient, result, at).id)
    indicator, said, unit = meant
    known = device_queries.value_of(session, enrolment.id, device.id, indicator.code, at)
    if known is not None and known.sent_number == result.value_number:
        return Became("monitoring.value", known.id)
    try:
        value = normalised(indicator, said, unit)
    except UnknownUnit:
        raise NotInterpreted(
            "The unit is unknown for this value", segment="OBX", sequence=number, field=6, code=TABLE_VALUE
        ) from None
    except Implausible:
        raise NotInterpreted(
            "No living body has this value; it is not taken", segment="OBX", sequence=number, field=5
        ) from None
    assert result.value_number is not None
    taken = device_intake.take_measured(
        session,
        device,
        enrolment,
        intake.Incoming(
            indicator,
            value,
            result.value_number,
            result.unit or "",
            at,
            "device",
            device.sender,
            device_text=result.comparator,
            counts=device_queries.is_certified(session, device, at),
            source_system=f"device:{device.id}",
            source_key=f"hl7:{incoming.row.id}#{number}",
            device_id=device.id,
        ),
    )
    return Became("monitoring.value", taken.id)


def _observation(
    incoming: Incoming, device: Device, patient: Patient, result: IncomingResult, at: dt.datetime
) -> Observation:
    said = f"{patient.id}|{result.code}|{at.isoformat()}|{result.value_number}|{result.value_code}|{result.value_text}"
    key = f"measured:{hashlib.sha256(said.encode()).hexdigest()[:40]}"
    known = incoming.session.scalar(
        select(Observation).where(Observation.source_system == incoming.source_system, Observation.source_key == key)
    )
    if known is not None:
        return known
    row = Observation(
        patient_id=patient.id,
        organization_id=device.organization_id,
        event_at=at,
        known_at=max(at, incoming.row.received_at),
        evidence="measured",
        source="device",
        source_system=incoming.source_system,
        source_key=key,
        recorded_by=incoming.actor.login,
        code_system=result.code_system,
        code=result.code,
        value_number=result.value_number,
        unit=result.unit,
        value_code=result.value_code,
        value_text=result.value_text,
        status=result.status,
    )
    incoming.session.add(row)
    incoming.session.flush()
    audit.changed(
        incoming.session,
        incoming.actor,
        entity="visits.observation",
        entity_id=row.id,
        patient_id=patient.id,
        after=audit.snapshot(row),
    )
    return row
