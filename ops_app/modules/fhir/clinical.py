"""Clinical facts as FHIR R4 resources.

A row that was marked as entered in error keeps its content and bears the status FHIR has for it, so that a program
that copied it earlier learns to withdraw it.
"""

from __future__ import annotations

from ops_app.kit.code_systems import OUR, system_of
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.episodes.models import EpisodeOfCare
from ops_app.modules.fhir.shapes import (
    Resource,
    coding,
    concept,
    day,
    extensions,
    known,
    listed,
    moment,
    note,
    ours,
    period,
    reference,
)
from ops_app.modules.fhir.systems import HL7, UCUM
from ops_app.modules.fhir.words import Words
from ops_app.modules.visits.models import (
    Condition,
    Encounter,
    Immunization,
    MedicationRequest,
    Observation,
    Procedure,
    ServiceRequest,
)

ERROR = "entered-in-error"
CLASSES = {"ambulatory": "AMB", "home": "HH", "inpatient": "IMP", "emergency": "EMER", "virtual": "VR"}
_REQUESTS = {
    "draft": "draft",
    "active": "active",
    "scheduled": "active",
    "in_progress": "active",
    "completed": "completed",
    "cancelled": "revoked",
}
_PRIORITIES = {"routine": "routine", "urgent": "urgent", "emergency": "stat"}


def _status(row: object, status: str | None) -> str | None:
    return ERROR if getattr(row, "entered_in_error_at", None) else status


def _subject(row: object) -> Resource | None:
    return reference("Patient", row.patient_id)  # type: ignore[attr-defined]


def _encounter(row: object) -> Resource | None:
    return reference("Encounter", row.encounter_id)  # type: ignore[attr-defined]


def encounter(row: Encounter, words: Words) -> Resource:
    """A contact with care."""
    status = {"in_progress": "in-progress"}.get(row.status, row.status)
    disposition = ours("disposition", row.disposition)
    staff = words.practitioner(row.practitioner_id)
    return known(
        {
            "resourceType": "Encounter",
            "status": _status(row, status),
            "class": coding(f"{HL7}/v3-ActCode", CLASSES[row.encounter_class]),
            "type": listed(ours("purpose", row.purpose)),
            "subject": _subject(row),
            "participant": [{"individual": staff}] if staff else [],
            "period": period(row.event_at, row.end_at),
            "hospitalization": {"dischargeDisposition": disposition} if disposition else None,
            "serviceProvider": words.organization(row.department_id or row.organization_id),
            "extension": extensions(payer=row.payer, is_planned=row.is_planned or None, note=row.note),
        }
    )


def condition(row: Condition, words: Words) -> Resource:
    """A diagnosis."""
    in_error = row.entered_in_error_at is not None
    verification = ERROR if in_error else "provisional" if row.kind in ("preliminary", "referral") else "confirmed"
    clinical = "resolved" if row.abated_at else "active"
    original = coding(system_of(row.original_system), row.original_code)
    code = words.icd10(row.icd10) or {}
    if original:
        code = {**code, "coding": [*code.get("coding", []), original]}
    return known(
        {
            "resourceType": "Condition",
            # FHIR rule con-5: an error has no clinical status.
            "clinicalStatus": None if in_error else concept(f"{HL7}/condition-clinical", clinical),
            "verificationStatus": concept(f"{HL7}/condition-ver-status", verification),
            "category": listed(
                concept(f"{HL7}/condition-category", "encounter-diagnosis"),
                ours("diagnosis-type", row.type),
                ours("diagnosis-kind", row.kind),
                ours("diagnosis-character", row.character),
            ),
            "code": code,
            "subject": _subject(row),
            "encounter": _encounter(row),
            "abatementDateTime": moment(row.abated_at),
            "recordedDate": moment(row.event_at),
            "recorder": words.practitioner(row.practitioner_id),
            "note": note(row.note),
        }
    )


def observation(row: Observation, words: Words) -> Resource:
    """A measurement or a coded finding."""
    quantity = None
    if row.value_number is not None:
        unit = known({"unit": row.unit, "system": UCUM if row.unit else None, "code": row.unit})
        quantity = {"value": float(row.value_number), **unit}
    return known(
        {
            "resourceType": "Observation",
            "status": _status(row, row.status),
            "code": words.code(row.code_system, row.code),
            "subject": _subject(row),
            "encounter": _encounter(row),
            "effectiveDateTime": moment(row.event_at),
            "issued": moment(row.known_at),
            "performer": listed(words.practitioner(row.practitioner_id), words.organization(row.organization_id)),
            # One value only: a number, else a code, else words.
            **known(
                {"valueQuantity": quantity}
                if quantity
                else {"valueCodeableConcept": ours("value", row.value_code)}
                if row.value_code
                else {"valueString": row.value_text}
            ),
            "note": note(row.value_text if quantity or row.value_code else None),
        }
    )


def procedure(row: Procedure, words: Words) -> Resource:
    """A service rendered."""
    status = {"in_progress": "in-progress", "cancelled": "not-done"}.get(row.status, row.status)
    staff = words.practitioner(row.practitioner_id)
    place = words.organization(row.organization_id)
    return known(
        {
            "resourceType": "Procedure",
            "basedOn": listed(reference("ServiceRequest", row.service_request_id)),
            "status": _status(row, status),
            "category": ours("programme", row.programme),
            "code": words.code(row.code_system, row.code),
            "subject": _subject(row),
            "encounter": _encounter(row),
            "performedDateTime": moment(row.event_at),
            "performer": [known({"actor": staff or place, "onBehalfOf": place if staff else None})],
            "outcome": ours("result", row.result_code),
            "note": note(row.note),
        }
    )


def service_request(row: ServiceRequest, words: Words) -> Resource:
    """A referral or order."""
    return known(
        {
            "resourceType": "ServiceRequest",
            "status": _status(row, _REQUESTS[row.status]),
            "intent": "order",
            "category": listed(ours("request-category", row.category)),
            "priority": _PRIORITIES[row.priority],
            "code": words.code("kz_service", row.code),
            "subject": _subject(row),
            "encounter": _encounter(row),
            "occurrenceDateTime": day(row.occurrence_date),
            "authoredOn": moment(row.event_at),
            "requester": words.practitioner(row.practitioner_id) or words.organization(row.organization_id),
            "performer": listed(words.organization(row.performer_organization_id)),
            "reasonCode": listed(None if row.reason_icd10 in words.masked else words.icd10(row.reason_icd10)),
            "note": note(row.note),
            "extension": extensions(cancel_reason=row.cancel_reason),
        }
    )


def medication_request(row: MedicationRequest, words: Words) -> Resource:
    """A medicine prescribed."""
    return known(
        {
            "resourceType": "MedicationRequest",
            "status": _status(row, row.status),
            "intent": "order",
            "medicationCodeableConcept": words.code(row.code_system, row.code),
            "subject": _subject(row),
            "encounter": _encounter(row),
            "authoredOn": moment(row.event_at),
            "requester": words.practitioner(row.practitioner_id) or words.organization(row.organization_id),
            "dosageInstruction": [{"text": row.dosage}] if row.dosage else [],
            "dispenseRequest": {"validityPeriod": {"end": day(row.end_date)}} if row.end_date else None,
            "extension": extensions(is_free=row.is_free),
        }
    )


def immunization(row: Immunization, words: Words) -> Resource:
    """A vaccine dose given or refused."""
    place = words.organization(row.organization_id)
    staff = words.practitioner(row.practitioner_id)
    not_done = None if row.status == "completed" else row.status
    return known(
        {
            "resourceType": "Immunization",
            "status": _status(row, "not-done" if not_done else "completed"),
            "statusReason": ours("immunization-refusal", not_done),
            "vaccineCode": words.code(row.code_system, row.code),
            "patient": _subject(row),
            "encounter": _encounter(row),
            "occurrenceDateTime": moment(row.event_at),
            "recorded": moment(row.known_at),
            "primarySource": row.evidence != "typed",
            "lotNumber": row.lot_number,
            "performer": [{"actor": actor} for actor in listed(staff, place)],
            "protocolApplied": [{"doseNumberPositiveInt": row.dose_number}] if row.dose_number else [],
        }
    )


def episode_of_care(row: EpisodeOfCare, words: Words) -> Resource:
    """A register card: pregnancy or dispensary observation."""
    diagnosis = words.icd10(row.icd10)
    named = known({"display": " ".join(filter(None, (row.icd10, (diagnosis or {}).get("text"))))})
    return known(
        {
            "resourceType": "EpisodeOfCare",
            "status": _status(row, row.status),
            "type": listed(ours("episode-kind", row.kind)),
            "diagnosis": [{"condition": named}] if diagnosis else [],
            "patient": _subject(row),
            "managingOrganization": words.organization(row.organization_id),
            "period": period(row.event_at, row.end_at),
            "careManager": words.practitioner(row.practitioner_id),
            "extension": extensions(
                close_reason=row.close_reason,
                lmp_date=row.lmp_date,
                due_date=row.due_date,
                risk_level=row.risk_level,
                required_care_level=row.required_care_level,
                outcome=row.outcome,
                outcome_at=row.outcome_at,
                note=row.note,
            ),
        }
    )


def appointment(row: Appointment, words: Words) -> Resource:
    """A booking."""
    people = listed(_subject(row), words.practitioner(row.practitioner_id))
    return known(
        {
            "resourceType": "Appointment",
            "status": _status(row, row.status),
            "cancelationReason": ours("cancel-reason", row.cancel_reason),
            "start": moment(row.start_at),
            "end": moment(row.end_at),
            "created": moment(row.event_at),
            "participant": [
                {"actor": actor, "status": "declined" if row.status == "cancelled" else "accepted"} for actor in people
            ],
            "meta": {"tag": [{"system": f"{OUR}:organization", "code": str(row.organization_id)}]},
        }
    )
