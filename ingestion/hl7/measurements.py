"""ORU of monitors and wearable devices: measurements of a person's own body, not of a specimen."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from ingestion.hl7.observed import result_of
from ingestion.hl7.people import found_or_refused
from ingestion.hl7.results import Group, groups
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app import audit
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.hl7_structure import DATA_TYPE
from ops_app.modules.devices.models import Device
from ops_app.modules.laboratory.incoming_report import IncomingResult
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Observation

KINDS = ("monitor", "wearable")
"""Kinds of registered devices whose results are measurements."""


def interpret(incoming: Incoming, device: Device) -> Outcome:
    """One observation for each value, once; measured, as no hand has touched it."""
    patient = found_or_refused(incoming, incoming.segment("PID"))
    records = []
    for group in groups(incoming.message.segments, specimen_first=False):
        assert group.request is not None
        for observation, number, notes in group.observations:
            result = result_of(observation, number, notes, group.request)
            if result is not None and result.status != "cancelled":
                row = _observation(incoming, device, patient, group, result, number)
                records.append(Became("visits.observation", row.id))
    return Outcome(tuple(records), patient_id=patient.id, organization_id=device.organization_id)


def _observation(
    incoming: Incoming, device: Device, patient: Patient, group: Group, result: IncomingResult, number: int
) -> Observation:
    at = result.observed_at
    if at is None or at > clock.now():
        raise NotInterpreted(
            "The time of the measurement is missing or lies ahead", segment="OBX", sequence=number, field=14,
            code=DATA_TYPE,
        )  # fmt: skip
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
