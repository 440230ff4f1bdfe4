"""Recording a visit on one screen, and adding to it later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_moment
from ops_app.kit.model import Fact
from ops_app.modules.appointments import service as appointments
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.episodes import service as episodes
from ops_app.modules.episodes.plans import gestation, screening_of
from ops_app.modules.episodes.queries import open_pregnancy
from ops_app.modules.organizations.queries import Workplace
from ops_app.modules.patients.care_place import care_place
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import live_death, patient_or_404, record_ids, standing_for
from ops_app.modules.visits import checks, queries, referrals
from ops_app.modules.visits.forms import AmendInput, VisitInput, VisitRows
from ops_app.modules.visits.models import (
    Condition,
    Encounter,
    MedicationRequest,
    Observation,
    Procedure,
    ServiceRequest,
)
from ops_app.modules.visits.vitals import GESTATION_WEEKS, NO_MEDICINE, VITALS
from ops_app.permissions import Permission

FUTURE_MINUTES = 10
"""Clocks differ a little; a visit further ahead is a slip."""


class RecordedAlready(Conflict):
    """The same user recorded a visit of this person for the same minute: the form came twice."""

    def __init__(self, encounter_id: int, at: dt.datetime):
        super().__init__(
            _("This visit is already recorded: %(moment)s", moment=show_moment(at)),
            advice=_("Open it from the card; add to it there if something is missing."),
            field="time",
        )
        self.encounter_id = encounter_id


def record_visit(session: Session, actor: Actor, patient_id: int, data: VisitInput, place: Workplace) -> Encounter:
    """Record a visit with everything on it; what it completes is completed in the same moment."""
    patient_id = standing_for(session, patient_id)
    patient = patient_or_404(session, patient_id)
    records = record_ids(session, patient_id)
    if not actor.scope(Permission.VISITS_VITALS_WRITE).allows(place.organization.id):
        raise Forbidden(_("You may not record visits in this organisation"))
    at = clock.from_local(data.date, data.time)
    _check_moment(session, patient, records, at)
    # Two clicks on a slow line, or the same form sent again after the connection returned.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"visit {patient_id} {actor.login}"},
    )
    existing = queries.same_visit(session, records, at, actor.login)
    if existing is not None:
        raise RecordedAlready(existing.id, existing.event_at)
    checks.check_rows(session, actor, patient, data, data.date)
    checks.check_whole(actor, data)
    encounter = Encounter(
        patient_id=patient_id,
        organization_id=place.organization.id,
        practitioner_id=actor.practitioner_id,
        site_id=care_place(session, records, place).site_id,
        event_at=at,
        known_at=at,
        evidence="presence" if data.presence_confirmed else "typed",
        recorded_by=actor.login,
        encounter_class=data.encounter_class,
        purpose=data.purpose,
        disposition=data.disposition,
        payer=data.payer,
        note=data.note,
    )
    session.add(encounter)
    session.flush()
    _log(session, actor, encounter)
    pregnancy = open_pregnancy(session, records) if data.purpose == "pregnancy" else None
    known: list[Fact] = []
    if pregnancy is not None and pregnancy.lmp_date is not None:
        weeks, _days = gestation(pregnancy.lmp_date, data.date)
        about = _fact(encounter, actor)
        known.append(Observation(**about, code=GESTATION_WEEKS, value_number=float(weeks), unit="wk"))
    _add_rows(session, actor, encounter, data, known)
    plan_refresh.refresh(session, actor, patient_id)
    if data.disposition != "nobody_home":
        appointments.fulfil_today(session, actor, records, data.date)
    if data.next_date is not None:
        _plan_next(session, actor, patient_id, records, data, place)
    return encounter


def _check_moment(session: Session, patient: Patient, records: Sequence[int], at: dt.datetime) -> None:
    if patient.entered_in_error_at is not None:
        raise Conflict(_("This record is marked as an error"))
    if at > clock.now() + dt.timedelta(minutes=FUTURE_MINUTES):
        raise Invalid(_("The visit lies in the future; book an appointment instead"), field="date")
    if clock.local(at).date() < patient.birth_date:
        raise Invalid(_("The visit lies before the birth"), field="date")
    death = live_death(session, records)
    if death is not None and at > death.event_at:
        raise Invalid(
            _("The person died on %(moment)s; a visit after that cannot be", moment=show_moment(death.event_at)),
            field="date",
        )


def _fact(encounter: Encounter, actor: Actor) -> dict[str, Any]:
    return {
        "patient_id": encounter.patient_id,
        "organization_id": encounter.organization_id,
        "practitioner_id": actor.practitioner_id,
        "encounter_id": encounter.id,
        "event_at": encounter.event_at,
        "known_at": encounter.known_at,
        "evidence": encounter.evidence,
        "recorded_by": actor.login,
    }


def _log(session: Session, actor: Actor, row: Any, before: dict[str, Any] | None = None) -> None:
    audit.changed(
        session,
        actor,
        entity=f"visits.{row.__tablename__}",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )


def _add_rows(
    session: Session, actor: Actor, encounter: Encounter, data: VisitRows, known: Sequence[Fact] = ()
) -> None:
    """Write the rows of a visit, and those the system knows by itself, with one statement a table."""
    about = _fact(encounter, actor)
    main = next((row.icd10 for row in data.diagnoses if row.type == "main"), None)
    referred = [ServiceRequest(**about, reason_icd10=main, **referral.model_dump()) for referral in data.referrals]
    rows = [*known, *_typed(about, encounter, data), *referred]
    session.add_all(rows)
    session.flush()
    for row in rows:
        _log(session, actor, row)
    for request in referred:
        referrals.ask_performer(session, actor, request)


def _typed(about: dict[str, Any], encounter: Encounter, data: VisitRows) -> Iterator[Fact]:
    for vital in VITALS:
        value = getattr(data, vital.name)
        if value is not None:
            yield Observation(**about, code=vital.code, value_number=value, unit=vital.unit)
    for diagnosis in data.diagnoses:
        yield Condition(**about, **diagnosis.model_dump())
    day = clock.local(encounter.event_at).date()
    for service in data.services:
        screening = screening_of(service.code, day)
        programme = screening[0].programme if screening else None
        yield Procedure(**about, code=service.code, result_code=service.result_code, programme=programme)
    for prescription in data.prescriptions:
        yield MedicationRequest(**about, **prescription.model_dump())
    if data.no_medicine_reason:
        yield Observation(**about, code=NO_MEDICINE, value_code=data.no_medicine_reason)


def _plan_next(
    session: Session, actor: Actor, patient_id: int, records: Sequence[int], data: VisitInput, place: Workplace
) -> None:
    assert data.next_date is not None
    if data.next_date <= data.date:
        raise Invalid(_("The next visit comes after this one"), field="next_date")
    planned = episodes.plan_next(session, actor, records, data.purpose, data.next_date)
    if data.next_time is None:
        if not planned:
            raise Invalid(_("Enter the time too: the next visit is booked"), field="next_time")
        return
    start_at = clock.from_local(data.next_date, data.next_time)
    try:
        appointments.book(session, actor, patient_id, start_at, place.organization.id, actor.practitioner_id)
    except (Conflict, Invalid) as refused:
        raise Invalid(refused.message, field="next_time") from refused


def amend_visit(session: Session, actor: Actor, encounter_id: int, data: AmendInput) -> Encounter:
    """Add rows to a recorded visit; refused when somebody changed it since it was opened."""
    encounter = queries.locked_encounter(session, encounter_id)
    if encounter.row_xid != data.version:
        raise Conflict(
            _("Somebody changed this visit while you were editing it"),
            advice=_("Open it again, look at what is there now and add what is missing."),
        )
    if encounter.entered_in_error_at is not None:
        raise Conflict(_("This visit is marked as an error"))
    if not actor.scope(Permission.VISITS_VITALS_WRITE).allows(encounter.organization_id):
        raise Forbidden(_("This visit belongs to another organisation"))
    patient = patient_or_404(session, encounter.patient_id)
    day = clock.local(encounter.event_at).date()
    checks.check_rows(session, actor, patient, data, day)
    present = queries.rows_of(session, [encounter_id])["condition"]
    live = [row for row in present if row.entered_in_error_at is None]
    checks.check_diagnoses_together([*live, *data.diagnoses])
    before = audit.snapshot(encounter)
    if data.note:
        encounter.note = "\n".join(filter(None, (encounter.note, data.note)))
    _add_rows(session, actor, encounter, data)
    plan_refresh.refresh(session, actor, encounter.patient_id)
    touch(session, encounter)
    _log(session, actor, encounter, before)
    return encounter


def touch(session: Session, encounter: Encounter) -> None:
    """Make a new version of a visit whose rows changed, so that a parallel editor notices."""
    session.flush()
    session.execute(text("update visits.encounter set row_xid = row_xid where id = :id"), {"id": encounter.id})
    session.refresh(encounter)
