"""Whose study it is: by the order or the IIN, and only when birth date and sex agree; never by PatientID alone.

A number in PatientID may be a card number of another hospital, a mistyped digit or the person examined
before. So whatever names a person here must be confirmed by birth date and sex, and what contradicts waits
for somebody to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from ops_app.modules.imaging.facts import Sent
from ops_app.modules.imaging.order_numbers import request_id_of
from ops_app.modules.patients import iin as iins
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_by_identifier, live_by_iin, standing_for
from ops_app.modules.visits.models import ServiceRequest

State = Literal["matched", "unmatched", "conflict"]
SEXES = {"M": "male", "F": "female"}


@dataclass(frozen=True, slots=True)
class Match:
    """What became of matching, and the rule or the obstacle."""

    state: State
    reason: str
    patient_id: int | None = None
    service_request_id: int | None = None


def match(session: Session, sent: Sent) -> Match:
    """Find the person and the order of a study."""
    order = _order(session, sent.accession_number)
    by_number = _by_number(session, sent)
    if order is None:
        if by_number is None:
            return Match("unmatched", _without_anybody(sent))
        patient, rule = by_number
        obstacle = _obstacle(sent, patient)
        if obstacle is None:
            return Match("matched", rule, patient.id)
        return Match("unmatched", obstacle)
    patient = session.get_one(Patient, standing_for(session, order.patient_id))
    if by_number is not None and by_number[0].id != patient.id:
        return Match("conflict", "order_names_another", service_request_id=order.id)
    obstacle = _obstacle(sent, patient)
    if obstacle is None:
        return Match("matched", "order", patient.id, order.id)
    if obstacle == "not_checkable":
        return Match("unmatched", obstacle, service_request_id=order.id)
    return Match("conflict", "order_names_another", service_request_id=order.id)


def _order(session: Session, accession_number: str | None) -> ServiceRequest | None:
    request_id = request_id_of(accession_number)
    if request_id is None:
        return None
    found = session.get(ServiceRequest, request_id)
    if found is None or found.category != "imaging" or found.entered_in_error_at is not None:
        return None
    return found


def _by_number(session: Session, sent: Sent) -> tuple[Patient, str] | None:
    for number in (sent.patient_id, *sent.other_ids):
        if number is None:
            continue
        if iins.problem(number) is None:
            patient = live_by_iin(session, number)
            if patient is not None:
                return patient, "iin"
        elif number[:2] in ("T-", "N-"):
            # identifiers that this program gave to people without an IIN
            patient = live_by_identifier(session, number)
            if patient is not None:
                return patient, "temporary_id"
    return None


def _obstacle(sent: Sent, patient: Patient) -> str | None:
    """Why the person of the record cannot be the person of the image, or None when they agree."""
    written = patient.birth_date.strftime("%Y%m%d")
    birth_date = (sent.birth_date or "").replace(".", "").replace("-", "")
    sex = SEXES.get(sent.sex or "")
    if birth_date and birth_date != written:
        return "birth_date_differs"
    if sex and patient.sex in SEXES.values() and sex != patient.sex:
        return "sex_differs"
    if not birth_date or not sex:
        return "not_checkable"
    return None


def _without_anybody(sent: Sent) -> str:
    if sent.accession_number:
        return "unknown_order"
    if sent.patient_id or sent.other_ids:
        return "unknown_identifier"
    return "no_identifier"
