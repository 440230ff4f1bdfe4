"""A programme as ``content/plans/*.yaml`` declares it, version by version."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, model_validator

from ops_app.kit.declared import Declared, Text
from ops_app.mechanisms.facts import Match

CONTENT = Path(__file__).parents[2] / "content" / "plans"


class Ages(Declared):
    """Ages that belong: ``from``, ``from + step``, … ``to``."""

    first: int = Field(alias="from")
    last: int = Field(alias="to")
    step: int = 1

    def __contains__(self, age: int) -> bool:
        return self.first <= age <= self.last and (age - self.first) % self.step == 0


class Group(Declared):
    """Who enters, and how long a completed step counts."""

    title: Text | None = None
    sex: Literal["female", "male"] | None = None
    ages: Ages | None = None
    facts: list[Match] = []
    """One of these must hold."""
    interval_years: int | None = None
    """Calendar years: examined in 2024, due in 2026."""
    interval_months: int | None = None


class Removal(Declared):
    """What takes a person off: a fact that holds, or one that does not."""

    reason: str
    fact: str | None = None
    codes: list[str] = []
    without: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Removal:
        if (self.fact is None) == (self.without is None):
            raise ValueError("a removal names either a fact or what is missing")
        return self


class Step(Declared):
    """A step; weeks count from the anchor of the card."""

    step: str
    week: int | None = None
    from_week: int | None = Field(default=None, alias="from")
    to_week: int | None = Field(default=None, alias="to")


class ListDay(Declared):
    """The day of the year before on which the list of a year is made."""

    month: int
    day: int


class Version(Declared):
    """A programme as it is from a day on."""

    version: int
    effective_from: dt.date
    effective_to: dt.date | None = None
    source: str
    enters: list[Group]
    steps: list[Step]
    closed_by: list[Match]
    removed_by: list[Removal] = []
    carry_over: list[str] = []
    """Reasons for which an unfinished year is made good in the next."""
    list_day: ListDay | None = None
    results: list[str] = []
    early_days: int = 0
    """A visit so many days before the planned date counts for the step."""
    late_start_days: int = 0
    """Who enters inside the weeks of a step but after its planned week comes within so many days."""
    length_days: int | None = None


class PlanDefinition(Declared):
    """A programme with all its versions.

    ``schedule``: ``yearly`` (a list for each calendar year), ``weeks`` (weeks from the anchor of a card),
    ``recurring`` (so long after the last time; of a card when ``card`` names one, else of the person).
    """

    code: str
    programme: str
    title: Text
    schedule: Literal["yearly", "weeks", "recurring"]
    card: str | None = None
    versions: list[Version]

    def on(self, day: dt.date) -> Version:
        """The version in force on a day; the first one for days before all."""
        ordered = sorted(self.versions, key=lambda version: version.effective_from)
        in_force = [version for version in ordered if version.effective_from <= day]
        return in_force[-1] if in_force else ordered[0]


def read(path: Path) -> PlanDefinition:
    """One declaration."""
    return PlanDefinition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def definitions() -> tuple[PlanDefinition, ...]:
    """Every programme, by code."""
    found = tuple(read(path) for path in sorted(CONTENT.glob("*.yaml")))
    codes = [definition.code for definition in found]
    if len(codes) != len(set(codes)):
        raise ValueError(f"two plans have one code: {codes}")
    return found


def definition(code: str) -> PlanDefinition:
    """A programme by its code."""
    return next(found for found in definitions() if found.code == code)
