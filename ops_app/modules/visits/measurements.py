"""A measurement that another screen took: a form, an examination room."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.modules.visits import queries
from ops_app.modules.visits.models import Observation
from ops_app.modules.visits.service import touch


def record_measurement(
    session: Session,
    actor: Actor,
    *,
    patient_id: int,
    organization_id: int,
    encounter_id: int | None,
    code: str,
    value: float,
    unit: str | None,
    at: dt.datetime,
) -> Observation:
    """Write one observation of a person; with a visit it stands on that visit too."""
    row = Observation(
        patient_id=patient_id,
        organization_id=organization_id,
        practitioner_id=actor.practitioner_id,
        encounter_id=encounter_id,
        code=code,
        value_number=value,
        unit=unit,
        event_at=at,
        known_at=at,
        recorded_by=actor.login,
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
    if encounter_id is not None:
        touch(session, queries.encounter_or_404(session, encounter_id))
    return row
