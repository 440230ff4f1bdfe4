"""Registering a death: nobody dies twice, the dead are booked nowhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.appointments import service as appointments
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.classifiers.versions import offered_on
from ops_app.modules.deaths import queries
from ops_app.modules.deaths.forms import DeathForm, ReviewForm
from ops_app.modules.deaths.models import Death
from ops_app.modules.episodes import plan_refresh
from ops_app.modules.episodes import service as episodes
from ops_app.modules.organizations.queries import Workplace
from ops_app.modules.patients.models import Attachment
from ops_app.modules.patients.queries import (
    current_attachment,
    live_death,
    patient_or_404,
    record_ids,
    standing_for,
)
from ops_app.modules.visits.models import Procedure
from ops_app.permissions import Permission


class RegisteredAlready(Conflict):
    """The person has a live death record."""

    def __init__(self) -> None:
        super().__init__(
            _("The death of this person is already registered"),
            advice=_("If the record is wrong, mark it as entered in error and register the death again."),
        )


class LaterFactsFound(Conflict):
    """Something is recorded after the death; the registrar must have seen it."""

    def __init__(self, facts: list[queries.LaterFacts]):
        super().__init__(
            _("Services are recorded after this moment"),
            advice=_("Check the date. If it is right, tick the box: those records will be reviewed."),
            field="later_facts_seen",
        )
        self.facts = facts


@dataclass(frozen=True)
class Registered:
    """A registered death and the bookings it cancelled."""

    death: Death
    cancelled: list[Appointment]


def register_death(session: Session, actor: Actor, patient_id: int, data: DeathForm, place: Workplace) -> Registered:
    """Register a death, cancel bookings, close register cards, end the attachment."""
    patient_id = standing_for(session, patient_id)
    records = record_ids(session, patient_id)
    patient = patient_or_404(session, patient_id)
    if not actor.scope(Permission.DEATHS_RECORD_WRITE).allows(place.organization.id):
        raise Forbidden(_("You may not register deaths in this organisation"))
    if live_death(session, records) is not None:
        raise RegisteredAlready
    died_at = clock.from_local(data.date, data.time or dt.time(12))
    if data.time is None:
        died_at = min(died_at, clock.now())
    known_at = min(clock.from_local(data.known_date, data.known_time or dt.time(23, 59)), clock.now())
    if died_at > clock.now():
        raise Invalid(_("The date lies in the future"), field="date")
    if data.date < patient.birth_date:
        raise Invalid(_("The date lies before the birth"), field="date")
    if data.known_date > clock.today():
        raise Invalid(_("The date lies in the future"), field="known_date")
    if known_at < died_at:
        raise Invalid(_("A death cannot be known before it happened"), field="known_date")
    if data.cause_icd10 and not offered_on(session, "icd10", [data.cause_icd10], data.date):
        raise Invalid(_("There is no such code in ICD-10"), field="cause_icd10")
    later = queries.later_facts(session, records, died_at)
    if later and not data.later_facts_seen:
        raise LaterFactsFound(later)
    death = Death(
        patient_id=patient_id,
        organization_id=place.organization.id,
        practitioner_id=actor.practitioner_id,
        event_at=died_at,
        known_at=known_at,
        place=data.place,
        cause_icd10=data.cause_icd10,
        is_time_exact=data.time is not None,
        note=data.note,
        recorded_by=actor.login,
    )
    try:
        with session.begin_nested():
            session.add(death)
            session.flush()
    except IntegrityError as refused:
        raise RegisteredAlready from refused
    _log(session, actor, death, None)
    cancelled = appointments.cancel_future(session, actor, records, died_at, "died")
    episodes.close_by_death(session, actor, records, died_at, known_at)
    attachment = current_attachment(session, records, on=data.date)
    if attachment is not None and attachment.end_date is None:
        before = audit.snapshot(attachment)
        attachment.end_date, attachment.end_reason = data.date + dt.timedelta(days=1), "died"
        session.flush()
        _log(session, actor, attachment, before)
    plan_refresh.refresh(session, actor, patient_id)
    return Registered(death, cancelled)


def mark_death_in_error(session: Session, actor: Actor, death_id: int, reason: str) -> Death:
    """The person lives: mark the record and give the attachment back. Bookings are made anew by hand."""
    death = session.get(Death, death_id, with_for_update=True, populate_existing=True)
    if death is None:
        return queries.death_or_404(session, death_id)
    if death.entered_in_error_at is not None:
        raise Conflict(_("It is already marked as an error"))
    if not actor.scope(Permission.DEATHS_RECORD_WRITE).allows(death.organization_id):
        raise Forbidden(_("This record belongs to another organisation"))
    before = audit.snapshot(death)
    death.entered_in_error_at = clock.now()
    death.entered_in_error_by, death.entered_in_error_reason = actor.login, reason
    session.flush()
    _log(session, actor, death, before)
    ended = session.scalar(
        select(Attachment)
        .where(
            Attachment.patient_id.in_(record_ids(session, death.patient_id)),
            Attachment.end_reason == "died",
            Attachment.entered_in_error_at.is_(None),
        )
        .order_by(Attachment.start_date.desc())
        .limit(1)
    )
    if ended is not None:
        before = audit.snapshot(ended)
        ended.end_date = ended.end_reason = None
        session.flush()
        _log(session, actor, ended, before)
    plan_refresh.refresh(session, actor, death.patient_id)
    return death


def record_review(session: Session, actor: Actor, death_id: int, data: ReviewForm, place: Workplace) -> Procedure:
    """Record that the death was reviewed; the conclusion stays inside, apart from discipline."""
    death = queries.death_or_404(session, death_id)
    if death.entered_in_error_at is not None:
        raise Conflict(_("This death record is marked as an error"))
    here = place.organization.id
    answers = actor.scope(Permission.WORKLIST_TASK_ANSWER).allows(here)
    if not (answers and actor.scope(Permission.DEATHS_RECORD_READ).allows(here)):
        raise Forbidden(_("A review is recorded by a doctor or the head of the organisation"))
    at = min(clock.from_local(data.date, dt.time(12)), clock.now())
    if data.date > clock.today() or at < death.event_at:
        raise Invalid(_("A review lies between the death and today"), field="date")
    review = Procedure(
        patient_id=death.patient_id,
        organization_id=place.organization.id,
        practitioner_id=actor.practitioner_id,
        event_at=at,
        known_at=at,
        code=queries.REVIEW_SERVICE,
        note=data.conclusion,
        recorded_by=actor.login,
    )
    session.add(review)
    session.flush()
    _log(session, actor, review, None)
    return review


def _log(session: Session, actor: Actor, row: Death | Attachment | Procedure, before: dict[str, object] | None) -> None:
    schema = row.__table__.schema  # type: ignore[attr-defined]
    audit.changed(
        session,
        actor,
        entity=f"{schema}.{row.__tablename__}",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )
