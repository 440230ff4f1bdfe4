"""ADT: who a person is, and where they are in hospital."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from ingestion.hl7.people import (
    described,
    find,
    found_or_refused,
    found_or_registered,
    remember,
    replaced,
)
from ingestion.hl7.sender import Incoming
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app import audit
from ops_app.kit import clock
from ops_app.kit.spelling import fold, sort_key
from ops_app.mechanisms.device_messages.hl7 import Segment
from ops_app.mechanisms.device_messages.hl7_structure import REQUIRED
from ops_app.mechanisms.device_messages.hl7_values import moment
from ops_app.modules.ingest.models import PersonIdentifier
from ops_app.modules.patients import merge
from ops_app.modules.patients.models import Patient, PatientLink
from ops_app.modules.visits.models import Encounter

CLASSES = {"I": "inpatient", "E": "emergency", "O": "ambulatory", "P": "inpatient", "R": "ambulatory", "B": "inpatient"}
"""HL7 table 0004, as far as this system tells visits apart."""
STARTS = {"A01": "in_progress", "A04": "in_progress", "A05": "planned", "A06": "in_progress", "A07": "in_progress"}
UNKNOWN_VISIT = "The visit that this message is about is not known"


def interpret(incoming: Incoming) -> Outcome:
    """What one ADT message changes."""
    event = incoming.message.event
    if event in ("A40", "A18", "A30", "A34", "A39"):
        return _merge(incoming)
    if event in ("A37", "A44"):
        return _unmerge(incoming)
    if event in ("A01", "A04", "A05", "A06", "A07", "A08", "A28", "A31"):
        return _person_and_visit(incoming)
    if event in ("A02", "A03", "A11", "A12", "A13", "A38"):
        return _visit_goes_on(incoming)
    return Outcome(archived=True)


def _person_and_visit(incoming: Incoming) -> Outcome:
    person = incoming.segment("PID")
    patient, is_new = found_or_registered(incoming, person)
    records = [Became("patients.patient", patient.id)]
    if not is_new and incoming.message.event in ("A01", "A04", "A05", "A08", "A31"):
        _update(incoming, patient, person)
    if incoming.message.event in STARTS and (visit := _start_visit(incoming, patient)) is not None:
        records.append(Became("visits.encounter", visit.id))
    return Outcome(tuple(records), patient_id=patient.id, organization_id=incoming.organization.id)


def _update(incoming: Incoming, patient: Patient, person: Segment) -> None:
    """Take over the name, for records that nobody confirmed here by a document, and an empty address or phone."""
    named = described(incoming, person)
    before = audit.snapshot(patient)
    if patient.iin is None and named.name.family and named.name.given:
        patient.family_name, patient.given_name = named.name.family[:80], named.name.given[:80]
        patient.patronymic = named.name.patronymic[:80] or patient.patronymic
        patient.family_fold, patient.given_fold = fold(patient.family_name), fold(patient.given_name)
        patient.patronymic_fold = fold(patient.patronymic) if patient.patronymic else None
        parts = (patient.family_name, patient.given_name, patient.patronymic)
        patient.sort_key = sort_key(" ".join(filter(None, parts)))
    address = ", ".join(filter(None, (person.text(11, part) for part in (5, 3, 1, 2))))
    patient.address_line = patient.address_line or address[:300] or None
    incoming.session.flush()
    if audit.snapshot(patient) != before:
        audit.changed(
            incoming.session,
            incoming.actor,
            entity="patients.patient",
            entity_id=patient.id,
            patient_id=patient.id,
            before=before,
            after=audit.snapshot(patient),
        )


def _visit_key(incoming: Incoming) -> str | None:
    visit = incoming.message.first("PV1")
    number = visit.text(19) if visit else ""
    if not number and (person := incoming.message.first("PID")) is not None:
        number = person.text(18)
    return f"visit:{number}" if number else None


def _visit(incoming: Incoming) -> Encounter | None:
    key = _visit_key(incoming)
    if key is None:
        return None
    return incoming.session.scalar(
        select(Encounter)
        .where(Encounter.source_system == incoming.source_system, Encounter.source_key == key)
        .with_for_update()
    )


def _when(incoming: Incoming, field: int) -> dt.datetime:
    visit, event = incoming.message.first("PV1"), incoming.message.first("EVN")
    said = [visit.text(field) if visit else ""]
    said += [event.text(6), event.text(2)] if event else []
    said.append(incoming.message.header.text(7))
    known = next((at for text in said if (at := moment(text)) is not None), None)
    # a clock that runs ahead must not put a visit into the future
    return min(known or incoming.row.received_at, clock.now())


def _start_visit(incoming: Incoming, patient: Patient) -> Encounter | None:
    visit = incoming.message.first("PV1")
    if visit is None:
        return None
    encounter = _visit(incoming)
    before = audit.snapshot(encounter) if encounter else None
    if encounter is None:
        key = _visit_key(incoming)
        if key is None:
            return None
        at = _when(incoming, 44)
        encounter = Encounter(
            patient_id=patient.id,
            organization_id=incoming.organization.id,
            event_at=at,
            known_at=max(at, incoming.row.received_at),
            evidence="typed",
            source="registry",
            source_system=incoming.source_system,
            source_key=key,
            recorded_by=incoming.actor.login,
            encounter_class="ambulatory",
            purpose="disease",
        )
        incoming.session.add(encounter)
    elif encounter.patient_id != patient.id:
        raise NotInterpreted("The visit belongs to another person", segment="PV1", field=19)
    encounter.encounter_class = CLASSES.get(visit.text(2), "ambulatory")
    encounter.status = STARTS[incoming.message.event]
    if encounter.encounter_class == "inpatient":
        encounter.purpose = "hospitalisation"
        encounter.is_planned = visit.text(4) not in ("E", "A", "")
    _log(incoming, encounter, before)
    return encounter


def _visit_goes_on(incoming: Incoming) -> Outcome:
    patient = found_or_refused(incoming, incoming.segment("PID"))
    if _visit_key(incoming) is None:
        raise NotInterpreted("The number of the visit is missing", segment="PV1", field=19, code=REQUIRED)
    encounter = _visit(incoming)
    if encounter is None:
        raise NotInterpreted(UNKNOWN_VISIT, segment="PV1", field=19)
    if encounter.patient_id != patient.id:
        raise NotInterpreted("The visit belongs to another person", segment="PV1", field=19)
    before = audit.snapshot(encounter)
    event = incoming.message.event
    if event == "A03":
        end_at = max(_when(incoming, 45), encounter.event_at)
        encounter.status, encounter.end_at = "finished", end_at
        encounter.end_known_at = max(end_at, incoming.row.received_at)
        encounter.disposition = _disposition(incoming)
    elif event == "A13":
        encounter.status, encounter.end_at, encounter.end_known_at = "in_progress", None, None
        encounter.disposition = None
    elif event in ("A11", "A38"):
        encounter.status = "cancelled"
    _log(incoming, encounter, before)
    return Outcome(
        (Became("visits.encounter", encounter.id),),
        patient_id=patient.id,
        organization_id=encounter.organization_id,
    )


def _disposition(incoming: Incoming) -> str:
    code = incoming.segment("PV1").text(36)
    if code in ("20", "40", "41", "42"):
        return "died"
    return "transferred" if code in ("02", "03", "04", "05", "2", "3", "4", "5") else "home"


def _log(incoming: Incoming, encounter: Encounter, before: dict[str, object] | None) -> None:
    incoming.session.flush()
    audit.changed(
        incoming.session,
        incoming.actor,
        entity="visits.encounter",
        entity_id=encounter.id,
        patient_id=encounter.patient_id,
        before=before,
        after=audit.snapshot(encounter),
    )


def _merge(incoming: Incoming) -> Outcome:
    kept, _ = found_or_registered(incoming, incoming.segment("PID"))
    prior = replaced(incoming, incoming.segment("MRG"))
    hidden = find(incoming.session, prior, "MRG")
    if hidden is None:
        # nobody was ever registered under the old number: from now on it means the one that stays
        remember(incoming, prior, kept)
        return Outcome((Became("patients.patient", kept.id),), patient_id=kept.id, note="only_number_taken_over")
    if hidden.id == kept.id:
        return Outcome((Became("patients.patient", kept.id),), patient_id=kept.id, note="already_known")
    link = merge.merge(incoming.session, incoming.actor, kept.id, hidden.id)
    return Outcome((Became("patients.patient", kept.id), Became("patients.patient_link", link.id)), patient_id=kept.id)


def _unmerge(incoming: Incoming) -> Outcome:
    """A37 names both records in two PIDs; A44 brings a number back from the record in MRG to the one in PID."""
    people = list(incoming.message.all("PID"))
    if incoming.message.event == "A37" and len(people) < 2:
        raise NotInterpreted("Both people must be named", segment="PID", field=3, code=REQUIRED)
    first = described(incoming, people[0])
    other = described(incoming, people[1]) if len(people) > 1 else replaced(incoming, incoming.segment("MRG"))
    session = incoming.session
    own = {row for named in (first, other) for row in _records_of(incoming, named.numbers, named.iin)}
    link = session.scalar(
        select(PatientLink)
        .where(
            PatientLink.unlinked_at.is_(None), PatientLink.patient_id.in_(own), PatientLink.other_patient_id.in_(own)
        )
        .limit(1)
    )
    if link is None:
        raise NotInterpreted("These records are not linked", segment="PID", field=3)
    merge.unmerge(session, incoming.actor, link.id)
    return Outcome(
        (Became("patients.patient_link", link.id), Became("patients.patient", link.other_patient_id)),
        patient_id=link.patient_id,
    )


def _records_of(incoming: Incoming, numbers: tuple[tuple[str, str], ...], iin: str | None) -> set[int]:
    found: set[int] = set()
    for authority, value in numbers:
        asked = select(PersonIdentifier.patient_id).where(
            PersonIdentifier.authority == authority, PersonIdentifier.value == value
        )
        found.update(incoming.session.scalars(asked))
    if iin:
        found.update(incoming.session.scalars(select(Patient.id).where(Patient.iin == iin)))
    return found
