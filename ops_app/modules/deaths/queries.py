"""Every SELECT about deaths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.modules.deaths.models import Death
from ops_app.modules.visits.models import Encounter, MedicationRequest, Observation, Procedure, ServiceRequest

REVIEW_SERVICE = "L08.001.000"
"""The service "review of the case"; it closes the signal about the death."""


@dataclass(frozen=True, slots=True)
class LaterFacts:
    """Facts of one kind that lie after the death."""

    kind: str
    count: int
    last_at: dt.datetime


def death_or_404(session: Session, death_id: int) -> Death:
    """A registered death."""
    death = session.get(Death, death_id)
    if death is None:
        raise NotFound(_("There is no such death record"))
    return death


def later_facts(session: Session, records: Sequence[int], died_at: dt.datetime) -> list[LaterFacts]:
    """What is recorded after the death: an error, or a service that was never given."""
    selects = [
        select(
            literal(model.__tablename__).label("kind"),
            func.count().label("number"),
            func.max(model.event_at).label("last_at"),
        )
        .where(model.patient_id.in_(records), model.event_at > died_at, model.entered_in_error_at.is_(None))
        .having(func.count() > 0)
        for model in (Encounter, Observation, Procedure, ServiceRequest, MedicationRequest)
    ]
    return [LaterFacts(row.kind, row.number, row.last_at) for row in session.execute(union_all(*selects))]


def reviews_of(session: Session, records: Sequence[int]) -> Sequence[Procedure]:
    """Reviews of a person's death."""
    return session.scalars(
        select(Procedure)
        .where(
            Procedure.patient_id.in_(records),
            Procedure.code == REVIEW_SERVICE,
            Procedure.entered_in_error_at.is_(None),
        )
        .order_by(Procedure.event_at, Procedure.id)
    ).all()


def reviewed(session: Session, patient_ids: Sequence[int]) -> set[int]:
    """Those of several people whose death was reviewed."""
    return set(
        session.scalars(
            select(Procedure.patient_id).where(
                Procedure.patient_id.in_(patient_ids),
                Procedure.code == REVIEW_SERVICE,
                Procedure.entered_in_error_at.is_(None),
            )
        )
    )
