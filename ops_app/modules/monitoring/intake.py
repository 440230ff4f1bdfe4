"""Taking a value in: judged against the patient's limits, written to the card, and alerting whom it must."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task import task
from ops_app.modules.monitoring import queries, response
from ops_app.modules.monitoring.alerting import Standing, Step, step
from ops_app.modules.monitoring.forms import ValuesForm
from ops_app.modules.monitoring.indicators import (
    Implausible,
    Indicator,
    declaration,
    indicators,
    refuse_implausible,
)
from ops_app.modules.monitoring.limits import Level, Limits
from ops_app.modules.monitoring.models import Alert, Enrolment, Value, Watched
from ops_app.modules.monitoring.task_kinds import CRITICAL, OUT_OF_LIMITS, subject_of
from ops_app.modules.visits.models import Observation

CLOCKS_DIFFER = dt.timedelta(minutes=10)
OLDEST = dt.timedelta(days=30)
"""Values further back are history for the visit, not for watching."""
ALERTS_FOR = dt.timedelta(hours=24)
"""A value that comes late is shown; only a fresh one alerts."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a value is against the limits of its patient."""

    level: Level
    deviation: float
    limit: float | None
    is_back: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    """A value on its way in; ``number`` is in the unit of the indicator."""

    indicator: Indicator
    number: float
    sent_number: float
    sent_unit: str
    measured_at: dt.datetime
    entry: str
    recorded_by: str
    device_text: str | None = None
    counts: bool = True
    source_system: str | None = None
    source_key: str | None = None
    device_id: int | None = None


def enter(session: Session, actor: Actor, enrolment: Enrolment, form: ValuesForm) -> list[Value]:
    """Take values typed by hand: measured by staff, or told by the patient."""
    at = clock.from_local(form.date, form.time)
    check_moment(at, "time")
    typed = [(each, getattr(form, each.name)) for each in indicators().values()]
    present = [(each, number) for each, number in typed if number is not None]
    if not present:
        raise Invalid(_("Enter at least one value"), field=typed[0][0].name)
    for indicator, number in present:
        try:
            refuse_implausible(indicator, number)
        except Implausible as refused:
            raise Invalid(str(refused), field=indicator.name) from None
    return [
        take(
            session,
            actor,
            enrolment,
            Incoming(
                indicator, number, number, indicator.unit, at, form.entry, actor.login, device_text=form.device_text
            ),
        )
        for indicator, number in present
    ]


def refuse_future(at: dt.datetime, field: str | None = None) -> None:
    """Refuse a moment ahead; clocks differ a little."""
    if at > clock.now() + CLOCKS_DIFFER:
        raise Invalid(_("This moment lies in the future"), field=field)


def check_moment(at: dt.datetime, field: str | None = None) -> None:
    """Refuse a moment that cannot be: ahead, or long past."""
    refuse_future(at, field)
    if at < clock.now() - OLDEST:
        raise Invalid(_("This value is older than 30 days; record it at a visit"), field=field)


def take(session: Session, actor: Actor | None, enrolment: Enrolment, incoming: Incoming) -> Value:
    """Keep one value; two that come at the same moment must not both open an alert."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 2))"), {"name": f"monitoring {enrolment.id}"}
    )
    watched = {row.code: row for row in queries.watched(session, [enrolment.id])}.get(incoming.indicator.code)
    judged = judge(session, enrolment, watched, incoming)
    value = Value(
        enrolment_id=enrolment.id,
        patient_id=enrolment.patient_id,
        organization_id=enrolment.organization_id,
        code=incoming.indicator.code,
        number=incoming.number,
        sent_number=incoming.sent_number,
        sent_unit=incoming.sent_unit,
        measured_at=incoming.measured_at,
        received_at=clock.now(),
        entry=incoming.entry,
        recorded_by=incoming.recorded_by,
        device_id=incoming.device_id,
        device_text=incoming.device_text,
        counts=incoming.counts,
        level=judged.level,
    )
    if incoming.counts:
        value.observation_id = _observe(session, actor, enrolment, incoming).id
    session.add(value)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.value",
        entity_id=value.id,
        patient_id=enrolment.patient_id,
        after=audit.snapshot(value),
    )
    if incoming.counts and watched is not None and incoming.measured_at > clock.now() - ALERTS_FOR:
        _alert(session, actor, enrolment, value, judged)
    return value


def judge(session: Session, enrolment: Enrolment, watched: Watched | None, incoming: Incoming) -> Judged:
    """What a value is; an indicator nobody asked to watch is only kept."""
    indicator, number = incoming.indicator, incoming.number
    if watched is None:
        return Judged(Level.NORMAL, 0.0, None, is_back=False)
    on = clock.local(incoming.measured_at).date()
    limits = queries.limits_of(session, watched, indicator, enrolment.patient_id, on)
    level, deviation, limit = limits.judge(number), limits.deviation(number), limits.crossed(number)
    if indicator.gain is not None and level is Level.NORMAL:
        since = incoming.measured_at - dt.timedelta(days=indicator.gain.days)
        lowest = queries.lowest_since(session, enrolment.id, indicator.code, since)
        if lowest is not None and number - lowest >= indicator.gain.amount:
            return Judged(Level.LIMIT, number - lowest, lowest + indicator.gain.amount, is_back=False)
    return Judged(level, deviation, limit, limits.is_back(number, indicator.hysteresis))


def _observe(session: Session, actor: Actor | None, enrolment: Enrolment, incoming: Incoming) -> Observation:
    """The value as a fact of the card."""
    by_device = incoming.entry == "device"
    row = Observation(
        patient_id=enrolment.patient_id,
        organization_id=enrolment.organization_id,
        practitioner_id=actor.practitioner_id if actor and incoming.entry == "staff" else None,
        code=incoming.indicator.code,
        value_number=incoming.number,
        unit=incoming.indicator.unit,
        event_at=incoming.measured_at,
        known_at=max(clock.now(), incoming.measured_at),
        evidence="measured" if by_device else "typed",
        source="device" if by_device else "screen",
        source_system=incoming.source_system,
        source_key=incoming.source_key,
        recorded_by=incoming.recorded_by,
    )
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="visits.observation",
        entity_id=row.id,
        patient_id=enrolment.patient_id,
        after=audit.snapshot(row),
    )
    return row


def _alert(session: Session, actor: Actor | None, enrolment: Enrolment, value: Value, judged: Judged) -> None:
    rules = declaration()
    group = indicators()[value.code].group
    found = queries.newest_alert(session, enrolment.id, group)
    done = step(
        _standing(found) if found is not None else None,
        judged.level,
        judged.deviation,
        value.measured_at,
        is_back=judged.is_back,
        suppress=dt.timedelta(minutes=rules.suppress_repeat_minutes),
        needed_back=rules.back_in_a_row,
    )
    if done is Step.NOTHING:
        return
    if done is Step.OPEN or found is None:
        found = _open(session, enrolment, value, judged, group)
        _tell(session, actor, enrolment, found, value, judged)
        return
    before = audit.snapshot(found)
    value.alert_id = found.id
    found.last_at = max(found.last_at, value.measured_at)
    found.values_count += 1
    if done in (Step.BACK, Step.CLOSE):
        found.back_in_a_row += 1
        if done is Step.CLOSE:
            response.close(session, actor, found, "returned")
            return
    else:
        found.back_in_a_row = 0
        if judged.deviation > found.worst or done is Step.RAISE:
            _note_worst(found, value, judged)
    if done is Step.RAISE:
        found.level = Level.CRITICAL
        _tell(session, actor, enrolment, found, value, judged)
    response.log(session, actor, found, before)


def _standing(alert: Alert) -> Standing:
    return Standing(
        Level(alert.level),
        alert.closed_at is None,
        alert.worst,
        alert.last_at,
        alert.closed_at,
        alert.back_in_a_row,
    )


def _note_worst(alert: Alert, value: Value, judged: Judged) -> None:
    alert.worst, alert.worst_code = judged.deviation, value.code
    alert.worst_number, alert.worst_limit = value.number, judged.limit


def _open(session: Session, enrolment: Enrolment, value: Value, judged: Judged, group: str) -> Alert:
    alert = Alert(
        enrolment_id=enrolment.id,
        patient_id=enrolment.patient_id,
        organization_id=enrolment.organization_id,
        group_name=group,
        level=judged.level,
        opened_at=clock.now(),
        last_at=value.measured_at,
        values_count=1,
        back_in_a_row=0,
    )
    _note_worst(alert, value, judged)
    session.add(alert)
    session.flush()
    value.alert_id = alert.id
    response.log(session, None, alert, None)
    return alert


def _tell(
    session: Session, actor: Actor | None, enrolment: Enrolment, alert: Alert, value: Value, judged: Judged
) -> None:
    """Give every participant a task at once when it is critical; the observing nurse when it is not."""
    parts = queries.participants(session, enrolment.id)
    treating = next((row.practitioner_id for row in parts if row.part == "treating"), None)
    observing = next((row.practitioner_id for row in parts if row.part == "observing"), None)
    about = {
        "subject": subject_of(alert),
        "organization_id": enrolment.site_id or enrolment.organization_id,
        "patient_id": enrolment.patient_id,
        "detail": {"code": value.code, "number": value.number, "limit": judged.limit},
        "actor": actor,
    }
    if alert.level == Level.CRITICAL:
        task.withdraw(session, OUT_OF_LIMITS, subject_of(alert), reason="became_critical", actor=actor)
        others = [row.practitioner_id for row in parts if row.practitioner_id != treating]
        task.open(session, CRITICAL, owner_practitioner_id=treating, also=others, **about)  # type: ignore[arg-type]
    else:
        owner = observing if observing is not None else treating
        task.open(session, OUT_OF_LIMITS, owner_practitioner_id=owner, **about)  # type: ignore[arg-type]


def limits_now(session: Session, enrolment: Enrolment, row: Watched) -> Limits:
    """The limits that hold today."""
    return queries.limits_of(session, row, indicators()[row.code], enrolment.patient_id, clock.today())
