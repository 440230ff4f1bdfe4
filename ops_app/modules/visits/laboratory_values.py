"""A laboratory's confirmed value as an observation of the person, and taking it back when it was corrected."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.kit import clock
from ops_app.modules.visits.models import Observation

SYSTEM = "laboratory"
ANOTHER_LABORATORY = "another_laboratory"
"""Whose value it is, as the card says it: measured by our laboratory, or reported by one elsewhere."""


def record_value(
    session: Session,
    actor: Actor | None,
    *,
    patient_id: int,
    organization_id: int,
    practitioner_id: int | None,
    encounter_id: int | None,
    is_loinc: bool,
    code: str,
    value_number: float | None,
    unit: str | None,
    value_code: str | None,
    value_text: str | None,
    status: str,
    at: dt.datetime,
    from_device: bool,
    source_key: str,
    source_system: str = SYSTEM,
) -> Observation:
    """Write a measured value; it stands at the visit it was ordered at."""
    row = Observation(
        patient_id=patient_id,
        organization_id=organization_id,
        practitioner_id=practitioner_id,
        encounter_id=encounter_id,
        code_system="loinc" if is_loinc else "local",
        code=code,
        value_number=value_number,
        unit=unit,
        value_code=value_code,
        value_text=value_text,
        status=status,
        event_at=at,
        known_at=max(clock.now(), at),
        evidence="measured",
        source="device" if from_device else "screen",
        source_system=source_system,
        source_key=source_key,
        recorded_by=actor.login if actor else audit.SYSTEM,
    )
    session.add(row)
    session.flush()
    audit.changed(
        session,
        actor,
        entity="visits.observation",
        entity_id=row.id,
        patient_id=patient_id,
        after=audit.snapshot(row),
    )
    return row


def withdraw_value(session: Session, actor: Actor | None, observation_id: int, reason: str) -> None:
    """Mark a value that a corrected report replaced."""
    row = session.get_one(Observation, observation_id, with_for_update=True)
    if row.entered_in_error_at is not None:
        return
    before = audit.snapshot(row)
    row.entered_in_error_at = clock.now()
    row.entered_in_error_by = actor.login if actor else audit.SYSTEM
    row.entered_in_error_reason = reason
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
