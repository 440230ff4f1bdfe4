"""Having a patient watched: who, for what, within which limits, until when."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.monitoring import device_intake, device_queries, queries, response
from ops_app.modules.monitoring.forms import EnrolmentForm, LimitsForm
from ops_app.modules.monitoring.indicators import indicators
from ops_app.modules.monitoring.limits import Limits
from ops_app.modules.monitoring.models import Enrolment, Participant, Watched
from ops_app.modules.organizations.queries import Workplace, practitioners_of
from ops_app.modules.patients.care_place import care_place
from ops_app.modules.patients.queries import live_death, record_ids, standing_for
from ops_app.permissions import Permission


def enrol(session: Session, actor: Actor, patient_id: int, form: EnrolmentForm, place: Workplace) -> Enrolment:
    """Begin to watch a patient."""
    patient_id = standing_for(session, patient_id)
    records = record_ids(session, patient_id)
    scope = actor.scope(Permission.MONITORING_ENROLMENT_WRITE)
    if not scope.allows(place.organization.id):
        raise Forbidden(_("You may not have patients watched in this organisation"))
    if live_death(session, records) is not None:
        raise Conflict(_("The person has died"))
    if queries.open_enrolment(session, records, scope) is not None:
        raise Conflict(_("This person is watched already"))
    _check(session, form, place.organization.id)
    enrolment = Enrolment(
        patient_id=patient_id,
        organization_id=place.organization.id,
        site_id=care_place(session, records, place).site_id,
        reason_icd10=form.reason_icd10,
        every_hours=form.every_hours,
        started_at=clock.now(),
        started_by=actor.login,
    )
    session.add(enrolment)
    session.flush()
    _keep_lists(session, actor, enrolment, form)
    audit.changed(
        session,
        actor,
        entity="monitoring.enrolment",
        entity_id=enrolment.id,
        patient_id=patient_id,
        after=audit.snapshot(enrolment) | form.model_dump(),
    )
    return enrolment


def change(session: Session, actor: Actor, enrolment: Enrolment, form: EnrolmentForm) -> None:
    """Change what is watched and who watches."""
    _check(session, form, enrolment.organization_id)
    before = known(session, enrolment)
    enrolment.reason_icd10, enrolment.every_hours = form.reason_icd10, form.every_hours
    _keep_lists(session, actor, enrolment, form)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.enrolment",
        entity_id=enrolment.id,
        patient_id=enrolment.patient_id,
        before=before,
        after=known(session, enrolment),
    )


def known(session: Session, enrolment: Enrolment) -> dict[str, object]:
    """An enrolment as its form shows it."""
    parts = queries.participants(session, enrolment.id)
    return {
        "indicators": [row.code for row in queries.watched(session, [enrolment.id])],
        "treating_id": next((row.practitioner_id for row in parts if row.part == "treating"), None),
        "observing_id": next((row.practitioner_id for row in parts if row.part == "observing"), None),
        "on_duty_ids": [row.practitioner_id for row in parts if row.part == "on_duty"],
        "reason_icd10": enrolment.reason_icd10,
        "every_hours": enrolment.every_hours,
    }


def set_limits(session: Session, actor: Actor, enrolment: Enrolment, row: Watched, form: LimitsForm | None) -> None:
    """Set limits of this patient for one indicator; None goes back to those of the age."""
    indicator = indicators()[row.code]
    before = audit.snapshot(row)
    if form is None:
        row.has_own_limits, row.low, row.high, row.critical_low, row.critical_high = False, None, None, None, None
    else:
        try:
            limits = Limits(**form.model_dump())
        except ValidationError:
            raise Invalid(
                _("Limits must rise: critical from below, low, high, critical from above"), field="low"
            ) from None
        if limits == Limits():
            raise Invalid(_("Enter at least one limit"), field="low")
        row.has_own_limits, row.low, row.high = True, limits.low, limits.high
        row.critical_low, row.critical_high = limits.critical_low, limits.critical_high
    row.set_by = actor.login
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.watched",
        entity_id=row.id,
        patient_id=enrolment.patient_id,
        before=before,
        after=audit.snapshot(row) | {"code": indicator.code},
    )


def end(session: Session, actor: Actor, enrolment: Enrolment, reason: str) -> None:
    """Stop watching; a critical alert must be dealt with first."""
    open_now = [alert for alert in queries.alerts(session, enrolment.id) if alert.closed_at is None]
    if any(alert.level == "critical" for alert in open_now):
        raise Conflict(_("A critical alert is open"), advice=_("Record first what was done to stabilise the patient."))
    for alert in open_now:
        response.close(session, actor, alert, "ended")
    for row in device_queries.bindings(session, enrolment.id):
        device_intake.take_back(session, actor, row.Binding)
    before = audit.snapshot(enrolment)
    enrolment.ended_at, enrolment.ended_by, enrolment.end_reason = clock.now(), actor.login, reason
    session.flush()
    audit.changed(
        session,
        actor,
        entity="monitoring.enrolment",
        entity_id=enrolment.id,
        patient_id=enrolment.patient_id,
        before=before,
        after=audit.snapshot(enrolment),
    )


def _check(session: Session, form: EnrolmentForm, organization_id: int) -> None:
    unknown = set(form.indicators) - indicators().keys()
    if unknown:
        raise Invalid(_("Choose one of the listed values"), field="indicators")
    staff = {row.Practitioner.id for row in practitioners_of(session, [organization_id])}
    for name, ids in (
        ("treating_id", [form.treating_id]),
        ("observing_id", [form.observing_id] if form.observing_id else []),
        ("on_duty_ids", form.on_duty_ids),
    ):
        if not set(ids) <= staff:
            raise Invalid(_("Choose somebody who works here"), field=name)


def _keep_lists(session: Session, actor: Actor, enrolment: Enrolment, form: EnrolmentForm) -> None:
    """Add what is new, end what is gone; what stays keeps its limits."""
    now = clock.now()
    there = {row.code: row for row in queries.watched(session, [enrolment.id])}
    for code in there.keys() - set(form.indicators):
        there[code].removed_at = now
    for code in indicators():
        if code in form.indicators and code not in there:
            session.add(Watched(enrolment_id=enrolment.id, code=code, set_by=actor.login))
    wanted = _parts(form.treating_id, form.observing_id, form.on_duty_ids)
    present = {row.practitioner_id: row for row in queries.participants(session, enrolment.id)}
    for practitioner_id, row in present.items():
        if wanted.get(practitioner_id) != row.part:
            row.removed_at = now
    session.flush()
    for practitioner_id, part in wanted.items():
        if practitioner_id not in present or present[practitioner_id].part != part:
            session.add(Participant(enrolment_id=enrolment.id, practitioner_id=practitioner_id, part=part))
    session.flush()


def _parts(treating: int, observing: int | None, on_duty: Iterable[int]) -> dict[int, str]:
    """One part for each person; the treating doctor stays that."""
    parts = dict.fromkeys(on_duty, "on_duty")
    if observing is not None:
        parts[observing] = "observing"
    return parts | {treating: "treating"}
