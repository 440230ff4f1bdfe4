"""Every SELECT about patients watched at home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, case, exists, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import age_months
from ops_app.modules.episodes.queries import open_pregnancy
from ops_app.modules.monitoring.indicators import Indicator
from ops_app.modules.monitoring.limits import Limits
from ops_app.modules.monitoring.models import Alert, Enrolment, Participant, Value, Watched
from ops_app.modules.patients.models import Patient
from ops_app.modules.patients.queries import record_ids
from ops_app.modules.visits.models import Encounter


def open_enrolment(session: Session, records: Sequence[int], scope: Scope) -> Enrolment | None:
    """The enrolment of a person in the actor's organisation."""
    return session.scalar(
        select(Enrolment)
        .where(
            Enrolment.patient_id.in_(records),
            Enrolment.ended_at.is_(None),
            scope.condition(Enrolment.organization_id),
        )
        .order_by(Enrolment.id.desc())
        .limit(1)
    )


def enrolment_or_404(session: Session, records: Sequence[int], scope: Scope) -> Enrolment:
    """The same, which must be there."""
    found = open_enrolment(session, records, scope)
    if found is None:
        raise NotFound(_("This person is not watched at home by your organisation"))
    return found


def ended(session: Session, records: Sequence[int], scope: Scope) -> Sequence[Enrolment]:
    """Former enrolments, the newest first."""
    return session.scalars(
        select(Enrolment)
        .where(
            Enrolment.patient_id.in_(records),
            Enrolment.ended_at.is_not(None),
            scope.condition(Enrolment.organization_id),
        )
        .order_by(Enrolment.id.desc())
    ).all()


def participants(session: Session, enrolment_id: int) -> Sequence[Participant]:
    """Who takes part now, the treating doctor first."""
    order = case((Participant.part == "treating", 0), (Participant.part == "observing", 1), else_=2)
    return session.scalars(
        select(Participant)
        .where(Participant.enrolment_id == enrolment_id, Participant.removed_at.is_(None))
        .order_by(order, Participant.id)
    ).all()


def watched(session: Session, enrolment_ids: Iterable[int]) -> Sequence[Watched]:
    """What is watched now."""
    return session.scalars(
        select(Watched)
        .where(Watched.enrolment_id.in_(list(enrolment_ids)), Watched.removed_at.is_(None))
        .order_by(Watched.enrolment_id, Watched.id)
    ).all()


def limits_of(session: Session, row: Watched, indicator: Indicator, patient_id: int, on: dt.date) -> Limits:
    """The patient's own limits, else those of the age and of a pregnancy on a day."""
    if row.has_own_limits:
        return Limits(low=row.low, high=row.high, critical_low=row.critical_low, critical_high=row.critical_high)
    patient = session.get_one(Patient, patient_id)
    pregnant = open_pregnancy(session, record_ids(session, patient_id)) is not None
    return indicator.defaults(age_months(patient.birth_date, on), pregnant=pregnant)


def lowest_since(session: Session, enrolment_id: int, code: str, since: dt.datetime) -> float | None:
    """The smallest counting value of the last days."""
    return session.scalar(
        select(func.min(Value.number)).where(
            Value.enrolment_id == enrolment_id, Value.code == code, Value.measured_at >= since, Value.counts
        )
    )


def newest_alert(session: Session, enrolment_id: int, group: str) -> Alert | None:
    """The open alert of a group, else the one closed last."""
    return session.scalar(
        select(Alert)
        .where(Alert.enrolment_id == enrolment_id, Alert.group_name == group)
        .order_by(Alert.closed_at.is_not(None), Alert.id.desc())
        .limit(1)
    )


def alert_or_404(session: Session, scope: Scope, alert_id: int) -> Alert:
    """An alert of the scope."""
    found = session.scalar(select(Alert).where(Alert.id == alert_id, scope.condition(Alert.organization_id)))
    if found is None:
        raise NotFound(_("There is no such alert"))
    return found


def alerts(session: Session, enrolment_id: int, limit: int = 20) -> Sequence[Alert]:
    """Alerts of an enrolment, open ones first."""
    return session.scalars(
        select(Alert)
        .where(Alert.enrolment_id == enrolment_id)
        .order_by(Alert.closed_at.is_not(None), Alert.id.desc())
        .limit(limit)
    ).all()


def values_of_alert(session: Session, alert_id: int) -> Sequence[Value]:
    """The values that belong to an alert, oldest first."""
    return session.scalars(select(Value).where(Value.alert_id == alert_id).order_by(Value.measured_at, Value.id)).all()


def values(session: Session, enrolment_id: int, since: dt.datetime) -> Sequence[Value]:
    """Values of an enrolment, oldest first."""
    return session.scalars(
        select(Value)
        .where(Value.enrolment_id == enrolment_id, Value.measured_at >= since)
        .order_by(Value.measured_at, Value.id)
    ).all()


def newest(session: Session, enrolment_ids: Iterable[int]) -> dict[int, dict[str, Value]]:
    """The newest value of each indicator of several enrolments."""
    rows = session.scalars(
        select(Value)
        .where(Value.enrolment_id.in_(list(enrolment_ids)))
        .distinct(Value.enrolment_id, Value.code)
        .order_by(Value.enrolment_id, Value.code, Value.measured_at.desc(), Value.id.desc())
    )
    found: dict[int, dict[str, Value]] = {}
    for row in rows:
        found.setdefault(row.enrolment_id, {})[row.code] = row
    return found


def open_alerts(session: Session, enrolment_ids: Iterable[int]) -> dict[int, list[Alert]]:
    """Open alerts of several enrolments, critical ones first."""
    rows = session.scalars(
        select(Alert)
        .where(Alert.enrolment_id.in_(list(enrolment_ids)), Alert.closed_at.is_(None))
        .order_by(Alert.level, Alert.id)
    )
    found: dict[int, list[Alert]] = {}
    for row in rows:
        found.setdefault(row.enrolment_id, []).append(row)
    return found


def _open_alert(level: str) -> Any:
    return exists().where(Alert.enrolment_id == Enrolment.id, Alert.closed_at.is_(None), Alert.level == level)


_LAST = (
    select(func.max(Value.measured_at)).where(Value.enrolment_id == Enrolment.id).correlate(Enrolment).scalar_subquery()
)


def enrolments(scope: Scope, practitioner_id: int | None) -> Select[Enrolment, Patient, dt.datetime]:
    """Patients watched now, whoever needs something first; only those of a participant when one is given."""
    urgency = case((_open_alert("critical"), 0), (_open_alert("limit"), 1), else_=2)
    statement = (
        select(Enrolment, Patient, _LAST.label("last_at"))
        .join(Patient, Patient.id == Enrolment.patient_id)
        .where(Enrolment.ended_at.is_(None), scope.condition(Enrolment.organization_id))
        .order_by(urgency, func.coalesce(_LAST, Enrolment.started_at), Enrolment.id)
    )
    if practitioner_id is not None:
        takes_part = exists().where(
            Participant.enrolment_id == Enrolment.id,
            Participant.practitioner_id == practitioner_id,
            Participant.removed_at.is_(None),
        )
        statement = statement.where(takes_part)
    return statement


def count_alerts(session: Session, scope: Scope) -> int:
    """How many alerts of a scope are open."""
    statement = select(func.count()).select_from(Alert).where(Alert.closed_at.is_(None))
    return session.scalar(statement.where(scope.condition(Alert.organization_id))) or 0


def visits_for_values(session: Session, records: Sequence[int], scope: Scope) -> Sequence[Row[int, dt.datetime]]:
    """Recent visits of a person to which values may be added."""
    return session.execute(
        select(Encounter.id, Encounter.event_at)
        .where(
            Encounter.patient_id.in_(records),
            Encounter.entered_in_error_at.is_(None),
            Encounter.event_at > clock.now() - dt.timedelta(days=30),
            scope.condition(Encounter.organization_id),
        )
        .order_by(Encounter.event_at.desc())
        .limit(20)
    ).all()
