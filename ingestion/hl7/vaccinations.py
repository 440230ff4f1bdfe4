"""VXU: doses given or refused elsewhere."""

from __future__ import annotations

from sqlalchemy import select

from ingestion.hl7.people import found_or_registered
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app import audit
from ops_app.mechanisms.device_messages.hl7 import Segment
from ops_app.mechanisms.device_messages.hl7_structure import DATA_TYPE
from ops_app.mechanisms.device_messages.hl7_values import moment
from ops_app.modules.patients.models import Patient
from ops_app.modules.visits.models import Immunization

NOT_GIVEN = "998"
"""CVX code of a message that says no vaccine was given."""
STATUSES = {"RE": "refused", "NA": "contraindicated", "CP": "completed", "PA": "completed"}
"""RXA-20, table 0322."""


def interpret(incoming: Incoming) -> Outcome:
    """Each RXA of the message, once by the sender's number of it."""
    patient, _ = found_or_registered(incoming, incoming.segment("PID"))
    records, order = [Became("patients.patient", patient.id)], None
    for segment in incoming.message.segments:
        if segment.name == "ORC":
            order = segment
        elif segment.name == "RXA" and segment.text(5) != NOT_GIVEN:
            dose = _dose(incoming, patient, segment, order)
            records.append(Became("visits.immunization", dose.id))
    return Outcome(tuple(records), patient_id=patient.id, organization_id=incoming.organization.id)


def _dose(incoming: Incoming, patient: Patient, given: Segment, order: Segment | None) -> Immunization:
    at = moment(given.text(3))
    if at is None:
        raise NotInterpreted("The time of the vaccination is not a time", segment="RXA", field=3, code=DATA_TYPE)
    number = (order.text(3) or order.text(2)) if order else ""
    key = f"dose:{number}" if number else f"dose:{patient.id}:{given.text(5)}:{at:%Y%m%d}"
    session = incoming.session
    dose = session.scalar(
        select(Immunization).where(Immunization.source_system == incoming.source_system, Immunization.source_key == key)
    )
    if dose is not None and dose.patient_id != patient.id:
        raise NotInterpreted("This order belongs to another person", segment="ORC", field=3)
    before = audit.snapshot(dose) if dose else None
    # asked before the row is added: a question to the database would write it half filled
    place = incoming.organization.id
    if dose is None:
        dose = Immunization(source_system=incoming.source_system, source_key=key, patient_id=patient.id)
        session.add(dose)
    dose.organization_id = place
    dose.event_at, dose.known_at = at, max(at, incoming.row.received_at)
    dose.evidence, dose.source, dose.recorded_by = "typed", "registry", incoming.actor.login
    dose.code, dose.code_system = given.text(5), _code_system(given)
    dose.status = STATUSES.get(given.text(20), "completed")
    dose.lot_number = given.text(15)[:60] or None
    dose_number = given.text(2)
    dose.dose_number = int(dose_number) if dose_number.isdigit() and 0 < int(dose_number) < 100 else None
    if given.text(21) == "D":
        dose.entered_in_error_at = incoming.row.received_at
        dose.entered_in_error_by, dose.entered_in_error_reason = incoming.actor.login, "RXA-21 D"
    session.flush()
    audit.changed(
        session,
        incoming.actor,
        entity="visits.immunization",
        entity_id=dose.id,
        patient_id=patient.id,
        before=before,
        after=audit.snapshot(dose),
    )
    return dose


def _code_system(given: Segment) -> str:
    named = given.text(5, 3).upper()
    return "cvx" if named in ("CVX", "HL70292", "") else named.lower()[:40]
