"""To which order a report belongs: by the tube or the order's number, with the person checked, never by a name."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit.spelling import fold
from ops_app.modules.laboratory import queries
from ops_app.modules.laboratory.incoming_report import IncomingPerson, IncomingReport
from ops_app.modules.laboratory.models import LabOrder, Specimen
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_by_iin, record_ids


class NoMatch(Exception):
    """No order can be named; ``code`` says why."""

    def __init__(self, code: str):
        self.code = code
        super().__init__(code)


def find_order(session: Session, report: IncomingReport) -> tuple[LabOrder, Specimen | None]:
    """The order and the tube a report names."""
    specimen = None
    order = None
    if report.specimen_barcode:
        specimen = session.scalar(select(Specimen).where(Specimen.barcode == report.specimen_barcode))
        if specimen is not None:
            order = session.get(LabOrder, specimen.order_id)
    for number in (report.placer_number, report.specimen_barcode):
        if order is None and number:
            order = queries.order_by_number(session, number)
    if order is None:
        raise NoMatch("no_order" if report.specimen_barcode or report.placer_number else "no_number")
    if report.placer_number and specimen is not None:
        named = queries.order_by_number(session, report.placer_number)
        if named is not None and named.id != order.id:
            raise NoMatch("numbers_disagree")
    if order.status == "cancelled":
        raise NoMatch("order_cancelled")
    if specimen is not None and specimen.status == "rejected":
        raise NoMatch("specimen_rejected")
    if report.person is not None and mismatch(session, order.patient_id, report.person):
        raise NoMatch("another_person")
    return queries.locked_order(session, order.id), specimen


def mismatch(session: Session, patient_id: int, person: IncomingPerson) -> bool:
    """Whether what a message says of the person contradicts the record.

    An IIN decides. Without one the birth date and sex must not differ, and of the names the family name or the
    given name must be the same in either script; an analyser that sends no person at all contradicts nothing.
    """
    records = [session.get_one(Patient, record) for record in record_ids(session, patient_id)]
    iins = {value for system, value in person.identifiers if system == "iin" and value}
    if iins:
        return not iins & {patient.iin for patient in records}
    ours = session.get_one(Patient, patient_id)
    if person.birth_date is not None and person.birth_date not in {patient.birth_date for patient in records}:
        return True
    if person.sex is not None and ours.sex in ("male", "female") and person.sex != ours.sex:
        return True
    told = {fold(name) for name in (person.family_name, person.given_name) if name}
    known = {part for patient in records for part in (patient.family_fold, patient.given_fold)}
    return bool(told) and not told & known


def person_by_identifier(session: Session, person: IncomingPerson | None) -> int | None:
    """The record with the IIN a message names, when nothing else it says contradicts it."""
    if person is None:
        return None
    for system, value in person.identifiers:
        if system != "iin" or not value:
            continue
        patient = live_by_iin(session, value)
        if patient is None:
            continue
        if person.birth_date is not None and person.birth_date != patient.birth_date:
            return None
        if person.sex is not None and patient.sex in ("male", "female") and person.sex != patient.sex:
            return None
        return patient.id
    return None
