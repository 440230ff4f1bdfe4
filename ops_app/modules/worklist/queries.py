"""Every SELECT about signals, decisions and answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Session, aliased

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.gate.models import Pseudonym
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.appointments.models import Appointment
from ops_app.modules.deaths.models import Death
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.models import Patient, PatientLink
from ops_app.modules.visits.models import Encounter
from ops_app.modules.worklist.forms import ListFilter
from ops_app.modules.worklist.models import Signal, SignalAnswer, SignalDecision, SignalOpening

OPENED_FOR = dt.timedelta(hours=12)
"""How long a stated reason opens a case."""
CONTACTS_SINCE = dt.timedelta(days=60)
CONTACTS_SHOWN = 30

_Newer = aliased(Signal)
IS_NEWEST = ~exists().where(_Newer.case_id == Signal.case_id, _Newer.id > Signal.id)
IS_LATE = and_(Signal.state == "open", Signal.due_at < func.now())
_URGENCY = case((Signal.severity == "red", 0), else_=1)


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """How a case stood at each moment, what was decided and what was answered."""

    versions: Sequence[Signal]
    decisions: Sequence[SignalDecision]
    answers: Sequence[SignalAnswer]


def _inside(scope: Scope) -> ColumnElement[bool]:
    return or_(scope.condition(Signal.organization_id), scope.condition(Signal.site_id))


def _with_person(*columns: Any) -> Select[Any]:
    """Newest versions with the person behind each; a merged record leads to the one that stands for it."""
    link = aliased(PatientLink)
    return (
        select(Signal, Patient, *columns)
        .join(Pseudonym, Pseudonym.patient_key == cast(Signal.patient_key, UUID))
        .outerjoin(link, and_(link.other_patient_id == Pseudonym.patient_id, link.unlinked_at.is_(None)))
        .join(Patient, Patient.id == func.coalesce(link.patient_id, Pseudonym.patient_id))
        .where(IS_NEWEST)
    )


def _last_decision() -> Any:
    return (
        select(SignalDecision.decision)
        .where(SignalDecision.case_id == Signal.case_id)
        .order_by(SignalDecision.id.desc())
        .limit(1)
        .correlate(Signal)
        .scalar_subquery()
        .label("decision")
    )


def tasks(scope: Scope, site_id: int | None = None, code: str | None = None, *, late: bool = False) -> Select[Any]:
    """Open cases of the scope, or of one site, with the person behind each; the most urgent first."""
    statement = _with_person(_last_decision()).where(Signal.state == "open", _inside(scope))
    if site_id is not None:
        statement = statement.where(Signal.site_id == site_id)
    if code:
        statement = statement.where(Signal.signal_code == code)
    if late:
        statement = statement.where(IS_LATE)
    return statement.order_by(IS_LATE.desc(), _URGENCY, Signal.due_at, Signal.case_id)


def count_tasks(session: Session, scope: Scope) -> int:
    """How many cases wait in a scope."""
    statement = select(func.count()).select_from(Signal).where(IS_NEWEST, Signal.state == "open", _inside(scope))
    return session.scalar(statement) or 0


def recorded_since(session: Session, patient_ids: Sequence[int], since: dt.datetime) -> dict[int, dt.datetime]:
    """The last moment a visit of each person was recorded after the warehouse last looked."""
    rows = session.execute(
        select(Encounter.patient_id, func.max(Encounter.recorded_at).label("at"))
        .where(
            Encounter.patient_id.in_(patient_ids),
            Encounter.recorded_at > since,
            Encounter.entered_in_error_at.is_(None),
        )
        .group_by(Encounter.patient_id)
    )
    return {row.patient_id: row.at for row in rows}


def deaths_of(session: Session, patient_ids: Sequence[int]) -> dict[int, int]:
    """Registered deaths of several people: the record to open for each."""
    rows = session.execute(
        select(Death.patient_id, Death.id).where(Death.patient_id.in_(patient_ids), Death.entered_in_error_at.is_(None))
    )
    return {row.patient_id: row.id for row in rows}


def person_behind(session: Session, signal: Signal) -> Patient | None:
    """The person of a case: only to cover the name in free texts, never to show."""
    row = session.execute(_with_person().where(Signal.id == signal.id)).first()
    return row.Patient if row else None


def task_or_404(session: Session, scope: Scope, case_id: str) -> tuple[Signal, Patient]:
    """A case of the team, open or closed, with its person."""
    row = session.execute(_with_person().where(Signal.case_id == case_id, _inside(scope))).first()
    if row is None:
        raise NotFound(_("There is no such case on your lists"))
    return row.Signal, row.Patient


def cases(scope: Scope, asked: ListFilter) -> Select[Any]:
    """Cases of the official's scope with organisation, site and the standing decision; no person."""
    owner, site = aliased(Organization), aliased(Organization)
    conditions = [IS_NEWEST, Signal.state != "withdrawn", _inside(scope)]
    if asked.code:
        conditions.append(Signal.signal_code == asked.code)
    if asked.state:
        conditions.append(Signal.state == asked.state)
    if asked.late:
        conditions.append(IS_LATE)
    if asked.organization_id is not None:
        conditions.append(or_(Signal.organization_id == asked.organization_id, Signal.site_id == asked.organization_id))
    return (
        select(Signal, owner, site, _last_decision())
        .outerjoin(owner, owner.id == Signal.organization_id)
        .outerjoin(site, site.id == Signal.site_id)
        .where(*conditions)
    )


def counts(session: Session, scope: Scope, site_id: int | None = None) -> Sequence[Row[str, int, int]]:
    """For each signal how many cases are open and how many of those are late."""
    statement = (
        select(Signal.signal_code, func.count(), func.count().filter(IS_LATE))
        .where(IS_NEWEST, Signal.state == "open", _inside(scope))
        .group_by(Signal.signal_code)
        .order_by(Signal.signal_code)
    )
    if site_id is not None:
        statement = statement.where(Signal.site_id == site_id)
    return session.execute(statement).all()


def case_or_404(session: Session, scope: Scope, case_id: str) -> Signal:
    """The newest version of a case in the scope."""
    found = session.scalar(select(Signal).where(IS_NEWEST, Signal.case_id == case_id, _inside(scope)))
    if found is None:
        raise NotFound(_("There is no such case in your region"))
    return found


def history(session: Session, case_id: str) -> CaseHistory:
    """Everything that happened to a case, oldest first."""
    return CaseHistory(
        session.scalars(select(Signal).where(Signal.case_id == case_id).order_by(Signal.id)).all(),
        session.scalars(
            select(SignalDecision).where(SignalDecision.case_id == case_id).order_by(SignalDecision.id)
        ).all(),
        session.scalars(select(SignalAnswer).where(SignalAnswer.case_id == case_id).order_by(SignalAnswer.id)).all(),
    )


def others_of_person(session: Session, scope: Scope, signal: Signal) -> Sequence[Signal]:
    """Other cases of the same pseudonym in the scope."""
    return session.scalars(
        select(Signal)
        .where(
            IS_NEWEST,
            Signal.patient_key == signal.patient_key,
            Signal.case_id != signal.case_id,
            Signal.state != "withdrawn",
            _inside(scope),
        )
        .order_by(Signal.event_at)
    ).all()


def contacts(session: Session, signal: Signal) -> Sequence[Row[dt.datetime, str, str, str | None]]:
    """When and in which way the person met care lately: no name, no place, nothing written by hand."""
    return session.execute(
        select(Encounter.event_at, Encounter.encounter_class, Encounter.purpose, Encounter.disposition)
        .join(Pseudonym, Pseudonym.patient_id == Encounter.patient_id)
        .where(
            Pseudonym.patient_key == cast(signal.patient_key, UUID),
            Encounter.event_at >= signal.event_at - CONTACTS_SINCE,
            Encounter.entered_in_error_at.is_(None),
        )
        .order_by(Encounter.event_at.desc(), Encounter.id.desc())
        .limit(CONTACTS_SHOWN)
    ).all()


def has_opened(session: Session, account_id: int, case_id: str) -> bool:
    """Whether this account stated a reason for this case a short while ago."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    SignalOpening.account_id == account_id,
                    SignalOpening.case_id == case_id,
                    SignalOpening.recorded_at > clock.now() - OPENED_FOR,
                )
            )
        )
    )


def newest_decision_id(session: Session, case_id: str) -> int:
    """The decision that stands, or 0."""
    return session.scalar(select(func.max(SignalDecision.id)).where(SignalDecision.case_id == case_id)) or 0


def bookings_today(session: Session, scope: Scope, practitioner_id: int | None) -> Sequence[Row[Appointment, Patient]]:
    """Today's bookings: the doctor's own, or of the whole place for others."""
    today = clock.today()
    statement = (
        select(Appointment, Patient)
        .join(Patient, Patient.id == Appointment.patient_id)
        .where(
            Appointment.start_at >= clock.from_local(today),
            Appointment.start_at < clock.from_local(today + dt.timedelta(days=1)),
            Appointment.status.in_(("booked", "arrived")),
            Appointment.entered_in_error_at.is_(None),
            scope.condition(Appointment.organization_id),
        )
        .order_by(Appointment.start_at, Appointment.id)
        .limit(60)
    )
    if practitioner_id is not None:
        statement = statement.where(Appointment.practitioner_id == practitioner_id)
    return session.execute(statement).all()
