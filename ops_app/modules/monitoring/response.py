"""What is done about an alert, and putting values into a visit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.mechanisms.task import task
from ops_app.modules.monitoring.forms import ApplyForm, MeasureForm
from ops_app.modules.monitoring.indicators import indicators
from ops_app.modules.monitoring.models import Alert, Enrolment, Value
from ops_app.modules.monitoring.task_kinds import CRITICAL, OUT_OF_LIMITS, subject_of
from ops_app.modules.visits.models import Encounter, Observation
from ops_app.modules.visits.queries import locked_encounter
from ops_app.modules.visits.service import touch
from ops_app.permissions import Permission


def record_measure(session: Session, actor: Actor, alert_id: int, form: MeasureForm) -> Alert:
    """Write down what was done to stabilise the patient; this closes the alert and its tasks."""
    alert = session.get_one(Alert, alert_id, with_for_update=True, populate_existing=True)
    if alert.closed_at is not None:
        raise Conflict(_("This alert is closed already"))
    at = clock.from_local(form.date, form.time)
    if at > clock.now():
        raise Invalid(_("This moment lies in the future"), field="time")
    alert.measure, alert.measure_at, alert.measure_note = form.measure, at, form.note
    close(session, actor, alert, "measure")
    return alert


def close(session: Session, actor: Actor | None, alert: Alert, because: str) -> None:
    """End an alert and the tasks that wait for it."""
    before = audit.snapshot(alert) | {"closed_at": None, "measure": None, "measure_at": None, "measure_note": None}
    alert.closed_at, alert.closed_because = clock.now(), because
    alert.closed_by = actor.login if actor else audit.SYSTEM
    log(session, actor, alert, before)
    for kind in (CRITICAL, OUT_OF_LIMITS):
        task.settle(session, kind, subject_of(alert), evidence=f"monitoring.alert:{alert.id}", actor=actor)


def apply_to_visit(session: Session, actor: Actor, enrolment: Enrolment, form: ApplyForm) -> int:
    """Make values measured at home part of a visit, with their own time and device; how many there were."""
    encounter = locked_encounter(session, form.encounter_id)
    if encounter.patient_id != enrolment.patient_id or encounter.entered_in_error_at is not None:
        raise Invalid(_("Choose a visit of this patient"), field="encounter_id")
    if not actor.scope(Permission.VISITS_VITALS_WRITE).allows(encounter.organization_id):
        raise Forbidden(_("This visit belongs to another organisation"))
    values = _values(session, enrolment, form.value_ids)
    if len(values) != len(set(form.value_ids)):
        raise Invalid(_("Choose values of this patient"), field="value_ids")
    for value in values:
        _apply(session, actor, encounter, value)
    touch(session, encounter)
    return len(values)


def _values(session: Session, enrolment: Enrolment, ids: Iterable[int]) -> list[Value]:
    return list(
        session.scalars(
            select(Value).where(Value.id.in_(list(ids)), Value.enrolment_id == enrolment.id).order_by(Value.id)
        )
    )


def _apply(session: Session, actor: Actor, encounter: Encounter, value: Value) -> None:
    if value.observation_id is None:
        # from a device nobody certified: whoever applies it answers for it
        row = Observation(
            patient_id=encounter.patient_id,
            organization_id=encounter.organization_id,
            practitioner_id=actor.practitioner_id,
            encounter_id=encounter.id,
            code=value.code,
            value_number=value.number,
            unit=indicators()[value.code].unit,
            event_at=value.measured_at,
            known_at=clock.now(),
            evidence="typed",
            source="device",
            source_system=f"device:{value.device_id}" if value.device_id else None,
            recorded_by=actor.login,
        )
        session.add(row)
        session.flush()
        value.observation_id = row.id
        before: dict[str, Any] | None = None
    else:
        row = session.get_one(Observation, value.observation_id)
        if row.encounter_id not in (None, encounter.id):
            raise Conflict(_("A value belongs to another visit already"))
        before = audit.snapshot(row)
        row.encounter_id = encounter.id
    session.flush()
    audit.changed(
        session,
        actor,
        entity="visits.observation",
        entity_id=row.id,
        patient_id=row.patient_id,
        before=before,
        after=audit.snapshot(row),
    )


def log(session: Session, actor: Actor | None, alert: Alert, before: dict[str, Any] | None) -> None:
    """Write a change of an alert and its audit row."""
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.alert",
        entity_id=alert.id,
        patient_id=alert.patient_id,
        before=before,
        after=audit.snapshot(alert),
    )
