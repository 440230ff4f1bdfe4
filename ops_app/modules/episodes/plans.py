"""The declarations of ``content/plans``: which steps a programme has and what completes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import yaml
from pydantic import BaseModel, Field

CONTENT = Path(__file__).parents[2] / "content" / "plans"
WEEK = dt.timedelta(weeks=1)
LATE_START_DAYS = 7
"""Who registers inside the weeks of a step but after its planned week comes within this many days."""


class Step(BaseModel):
    """A planned visit and the weeks it belongs to."""

    step: str
    week: int
    from_week: int = Field(alias="from")
    to_week: int = Field(alias="to")


class PregnancyPlan(BaseModel):
    """The schedule of pregnancy care in force from a day."""

    effective_from: dt.date
    source: str
    length_days: int
    steps: list[Step]


class ScreeningProgramme(BaseModel):
    """What completes a programme and how its result is written."""

    completed_by: list[str]
    results: list[str]


class ScreeningPlan(BaseModel):
    """The programmes in force from a day."""

    effective_from: dt.date
    source: str
    programmes: dict[str, ScreeningProgramme]


class _Dated(Protocol):
    effective_from: dt.date


V = TypeVar("V", bound=_Dated)


@dataclass(frozen=True)
class _Versions(Generic[V]):
    rows: list[V]

    def on(self, day: dt.date) -> V:
        """The version in force on a day; the first one for days before all."""
        in_force = [row for row in self.rows if row.effective_from <= day]
        return in_force[-1] if in_force else self.rows[0]


def _read(name: str) -> list[dict[str, object]]:
    declared = yaml.safe_load((CONTENT / name).read_text(encoding="utf-8"))
    return sorted(declared["versions"], key=lambda version: version["effective_from"])


@lru_cache(maxsize=1)
def pregnancy_plans() -> _Versions[PregnancyPlan]:
    """Every version of the schedule of pregnancy care."""
    return _Versions([PregnancyPlan.model_validate(version) for version in _read("pregnancy.yaml")])


@lru_cache(maxsize=1)
def screening_plans() -> _Versions[ScreeningPlan]:
    """Every version of the screening programmes."""
    return _Versions([ScreeningPlan.model_validate(version) for version in _read("screening.yaml")])


def due_date(lmp_date: dt.date) -> dt.date:
    """The expected day of birth."""
    return lmp_date + dt.timedelta(days=pregnancy_plans().on(lmp_date).length_days)


def gestation(lmp_date: dt.date, on: dt.date) -> tuple[int, int]:
    """Complete weeks and days of pregnancy."""
    return divmod((on - lmp_date).days, 7)


def antenatal_steps(lmp_date: dt.date, registered_on: dt.date) -> list[tuple[str, dt.date]]:
    """Planned steps of a pregnancy registered on a day, with their dates.

    The first visit is the registration itself; steps whose weeks are over are left out.
    """
    planned: list[tuple[str, dt.date]] = []
    for number, step in enumerate(pregnancy_plans().on(registered_on).steps):
        last_day = lmp_date + (step.to_week + 1) * WEEK - dt.timedelta(days=1)
        day = lmp_date + step.week * WEEK
        if number == 0:
            planned.append((step.step, registered_on))
        elif day > registered_on:
            planned.append((step.step, day))
        elif last_day > registered_on:
            planned.append((step.step, min(last_day, registered_on + dt.timedelta(days=LATE_START_DAYS))))
    return planned


def programme_of(service_code: str, on: dt.date) -> tuple[str, ScreeningProgramme] | None:
    """The screening programme that a service completes."""
    for name, programme in screening_plans().on(on).programmes.items():
        if service_code in programme.completed_by:
            return name, programme
    return None
