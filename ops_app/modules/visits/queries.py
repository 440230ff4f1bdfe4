"""Every SELECT about visits and their rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, any_, func, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.among import KEYS
from ops_app.kit.day_range import within_days
from ops_app.kit.model import Fact
from ops_app.modules.visits.models import (
    Condition,
    Encounter,
    Immunization,
    MedicationRequest,
    Observation,
    Procedure,
    ServiceRequest,
)
from ops_app.permissions import Permission

ROW_MODELS: dict[str, type[Any]] = {
    "condition": Condition,
    "observation": Observation,
    "procedure": Procedure,
    "service_request": ServiceRequest,
    "medication_request": MedicationRequest,
    "immunization": Immunization,
}

_ROWS = {
    kind: select(model).where(model.encounter_id == any_(KEYS)).order_by(model.id) for kind, model in ROW_MODELS.items()
}
"""Composed once: a card asks for all of them."""


def encounter_or_404(session: Session, encounter_id: int) -> Encounter:
    """A visit or stay."""
    encounter = session.get(Encounter, encounter_id)
    if encounter is None:
        raise NotFound(_("There is no such visit"))
    return encounter


def locked_encounter(session: Session, encounter_id: int) -> Encounter:
    """A visit that nobody else may change until the commit."""
    encounter = session.scalar(
        select(Encounter)
        .where(Encounter.id == encounter_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return encounter or encounter_or_404(session, encounter_id)


def row_or_404(session: Session, kind: str, row_id: int) -> Fact:
    """A diagnosis, observation, service, referral, prescription or vaccination; locked."""
    model = ROW_MODELS.get(kind)
    row = session.get(model, row_id, with_for_update=True, populate_existing=True) if model else None
    if row is None:
        raise NotFound(_("There is no such row"))
    assert isinstance(row, Fact)
    return row


def rows_of(session: Session, encounter_ids: Iterable[int]) -> dict[str, list[Any]]:
    """Rows of several visits by kind, in the order they were written."""
    ids = list(encounter_ids)
    if not ids:
        return {kind: [] for kind in ROW_MODELS}
    return {kind: list(session.scalars(statement, {"keys": ids})) for kind, statement in _ROWS.items()}


def same_visit(session: Session, records: Sequence[int], at: dt.datetime, recorded_by: str) -> Encounter | None:
    """A visit of this person that the same user recorded for the same minute."""
    minute = at.replace(second=0, microsecond=0)
    return session.scalar(
        select(Encounter).where(
            Encounter.patient_id.in_(records),
            Encounter.event_at >= minute,
            Encounter.event_at < minute + dt.timedelta(minutes=1),
            Encounter.recorded_by == recorded_by,
            Encounter.entered_in_error_at.is_(None),
        )
    )


def last_values(
    session: Session, records: Sequence[int], codes: Iterable[str]
) -> dict[str, Row[str, float | None, str | None, dt.datetime]]:
    """The newest value of each code with its unit and time."""
    rows = session.execute(
        select(Observation.code, Observation.value_number, Observation.unit, Observation.event_at)
        .distinct(Observation.code)
        .where(
            Observation.patient_id.in_(records),
            Observation.code.in_(list(codes)),
            Observation.value_number.is_not(None),
            Observation.entered_in_error_at.is_(None),
        )
        .order_by(Observation.code, Observation.event_at.desc(), Observation.id.desc())
    )
    return {row.code: row for row in rows}


def known_diagnoses(session: Session, records: Sequence[int], limit: int = 8) -> Sequence[str]:
    """Distinct final diagnoses of a person, newest first: they are offered, not typed again."""
    rows = session.execute(
        select(Condition.icd10)
        .where(
            Condition.patient_id.in_(records),
            Condition.kind == "final",
            Condition.icd10.is_not(None),
            Condition.entered_in_error_at.is_(None),
        )
        .order_by(Condition.event_at.desc(), Condition.id.desc())
        .limit(200)
    )
    return list(dict.fromkeys(row.icd10 for row in rows))[:limit]


def current_medicines(session: Session, records: Sequence[int], today: dt.date) -> Sequence[MedicationRequest]:
    """Prescriptions in force."""
    return session.scalars(
        select(MedicationRequest)
        .where(
            MedicationRequest.patient_id.in_(records),
            MedicationRequest.status == "active",
            MedicationRequest.entered_in_error_at.is_(None),
            MedicationRequest.end_date.is_(None) | (MedicationRequest.end_date >= today),
        )
        .order_by(MedicationRequest.event_at.desc(), MedicationRequest.id.desc())
        .limit(20)
    ).all()


def visits_today(session: Session, actor: Actor) -> int:
    """How many visits of today the journal of visits shows this actor."""
    scope = actor.scope(Permission.VISITS_RECORD_READ)
    today = clock.today()
    statement = select(func.count(Encounter.id)).where(
        scope.condition(Encounter.organization_id),
        Encounter.entered_in_error_at.is_(None),
        Encounter.encounter_class != "inpatient",
        *within_days(Encounter.event_at, today, today),
    )
    return session.scalar(statement) or 0
