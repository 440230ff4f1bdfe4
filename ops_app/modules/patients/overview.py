"""The card by kinds: stays, calls, medicines, vaccinations, observation, with small trends; each the newest few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app.i18n import N_
from ops_app.kit.numbers import show_number
from ops_app.modules.patients.timeline import NARROWED
from ops_app.modules.visits.models import Observation
from ops_app.modules.visits.vitals import VITALS, Vital, show_unit

SHOWN = 6
TREND = 24
WIDTH, HEIGHT, EDGE = 160, 40, 4

SECTIONS = (
    ("hospitalisation", N_("Hospitalisations and refusals")),
    ("ambulance", N_("Ambulance calls")),
    ("medication_request", N_("Medicines prescribed")),
    ("immunization", N_("Vaccinations, refusals and contraindications")),
    ("observed", N_("Dynamic observation")),
    ("condition", N_("Diagnoses")),
    ("procedure", N_("Services and manipulations")),
)
"""Kinds of the timeline in the order of the page."""


@dataclass(frozen=True)
class Part:
    """One section: its newest rows and how many there are."""

    kind: str
    title: str
    rows: tuple[Any, ...]
    total: int


@dataclass(frozen=True)
class Trend:
    """One measurement over time as a small line."""

    vital: Vital
    newest: Any
    values: tuple[tuple[dt.datetime, float], ...]
    """Oldest first."""
    points: str

    @property
    def value(self) -> str:
        """The newest value with its unit."""
        return f"{show_number(self.newest.value_number, self.vital.digits)} {show_unit(self.vital.unit)}".rstrip()

    @property
    def last(self) -> tuple[str, str]:
        """Where the newest value stands."""
        x, _comma, y = self.points.rpartition(" ")[2].partition(",")
        return x, y


def parts(session: Session, records: Sequence[int]) -> list[Part]:
    """The sections that have rows; rows entered in error are left to the timeline."""
    found = []
    for kind, title in SECTIONS:
        model, condition = NARROWED[kind]
        where = [model.patient_id.in_(records), model.entered_in_error_at.is_(None), condition]
        numbered = select(model, func.count().over().label("total")).where(*where)
        rows = session.execute(numbered.order_by(model.event_at.desc(), model.id.desc()).limit(SHOWN)).all()
        if rows:
            found.append(Part(kind, title, tuple(row[0] for row in rows), rows[0].total))
    return found


def trends(session: Session, records: Sequence[int]) -> list[Trend]:
    """What was measured more than once, in the order of the visit form."""
    place = (
        func.row_number()
        .over(partition_by=Observation.code, order_by=(Observation.event_at.desc(), Observation.id.desc()))
        .label("place")
    )
    newest = (
        select(Observation.id, place)
        .where(
            Observation.patient_id.in_(records),
            Observation.entered_in_error_at.is_(None),
            Observation.status != "cancelled",
            Observation.value_number.is_not(None),
            Observation.code.in_([vital.code for vital in VITALS]),
        )
        .subquery()
    )
    statement = (
        select(Observation)
        .join(newest, newest.c.id == Observation.id)
        .where(newest.c.place <= TREND)
        .order_by(Observation.event_at, Observation.id)
    )
    by_code: dict[str, list[Any]] = {}
    for row in session.scalars(statement):
        by_code.setdefault(row.code, []).append(row)
    return [_trend(vital, rows) for vital in VITALS if len(rows := by_code.get(vital.code, [])) > 1]


def _trend(vital: Vital, rows: Sequence[Any]) -> Trend:
    values = tuple((row.event_at, float(row.value_number)) for row in rows)
    return Trend(vital, rows[-1], values, line_through([value for _at, value in values]))


def line_through(values: Sequence[float]) -> str:
    """Corners of a line through values at equal steps; a level line when all are equal."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)

    def y(value: float) -> float:
        part = (value - low) / span if high > low else 0.5
        return HEIGHT - EDGE - part * (HEIGHT - 2 * EDGE)

    return " ".join(f"{EDGE + step * place:.1f},{y(value):.1f}" for place, value in enumerate(values))
