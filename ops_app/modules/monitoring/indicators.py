"""What is watched, as ``content/monitoring/indicators.yaml`` declares it: codes, units, limits by age."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import model_validator

from ops_app.i18n import _
from ops_app.kit.declared import Declared, Text
from ops_app.kit.numbers import show_number
from ops_app.modules.monitoring.limits import Limits
from ops_app.modules.visits.vitals import limits as plausible_limits
from ops_app.modules.visits.vitals import show_unit

CONTENT = Path(__file__).parents[2] / "content" / "monitoring" / "indicators.yaml"


class Unit(Declared):
    """How a unit becomes ours: multiplied, then shifted."""

    factor: float = 1.0
    offset: float = 0.0


class AgeLimits(Limits):
    """Limits from an age on, until the next ones begin."""

    from_months: int


class Gain(Declared):
    """A rise within some days that is out of limits, whatever the value itself."""

    amount: float
    days: int


class Indicator(Declared):
    """One quantity that is watched."""

    code: str
    also: tuple[str, ...] = ()
    """Other codes taken for the same quantity."""
    name: str
    group: str
    """Deviations of one group are one alert: both values of a blood pressure."""
    title: Text
    unit: str
    units: Mapping[str, Unit]
    digits: int = 0
    hysteresis: float = 0.0
    pregnant: Limits | None = None
    gain: Gain | None = None
    limits: tuple[AgeLimits, ...]

    @model_validator(mode="after")
    def _starts_at_birth(self) -> Indicator:
        months = [band.from_months for band in self.limits]
        if months != sorted(set(months)) or months[0] != 0:
            raise ValueError(f"the ages of {self.name} do not rise from birth")
        if self.unit not in self.units:
            raise ValueError(f"{self.name} does not accept its own unit")
        return self

    @property
    def shown(self) -> str:
        """Its name in the language of the request."""
        return str(self.title)

    def value(self, number: float) -> str:
        """A value with its unit, as people here write it."""
        return f"{show_number(number, self.digits)} {show_unit(self.unit)}".strip()

    def defaults(self, age_months: int, *, pregnant: bool) -> Limits:
        """Limits of somebody of this age for whom nobody set others."""
        if pregnant and self.pregnant is not None:
            return self.pregnant
        band = next(band for band in reversed(self.limits) if band.from_months <= age_months)
        return Limits(**band.model_dump(exclude={"from_months"}))


class Declaration(Declared):
    """The whole file."""

    sources: str
    stale_hours: int
    suppress_repeat_minutes: int
    back_in_a_row: int
    """So many values in a row back inside close a deviation that was not critical."""
    indicators: tuple[Indicator, ...]


class UnknownUnit(ValueError):
    """The unit is not one of those the indicator is known in; guessing would invent a value."""


class Implausible(ValueError):
    """No living body has this value; a device or a hand slipped."""


@lru_cache(maxsize=1)
def declaration() -> Declaration:
    """The declaration, checked."""
    return Declaration.model_validate(yaml.safe_load(CONTENT.read_text(encoding="utf-8")))


def indicators() -> dict[str, Indicator]:
    """Indicators by their own code, in the order of the file."""
    return {indicator.code: indicator for indicator in declaration().indicators}


@lru_cache(maxsize=1)
def by_any_code() -> dict[str, Indicator]:
    """Indicators by every code that means them."""
    return {code: each for each in declaration().indicators for code in (each.code, *each.also)}


def normalised(indicator: Indicator, number: float, unit: str | None) -> float:
    """The value in the unit of the indicator; a value without a unit is not guessed at."""
    known = indicator.units.get((unit or "").strip())
    if known is None:
        accepted = ", ".join(indicator.units)
        raise UnknownUnit(
            _(
                "%(title)s: unit “%(unit)s” is unknown; accepted: %(accepted)s",
                title=indicator.shown,
                unit=unit or "",
                accepted=accepted,
            )
        )
    value = number * known.factor + known.offset
    refuse_implausible(indicator, value)
    return round(value, indicator.digits + 2)


def refuse_implausible(indicator: Indicator, value: float) -> None:
    """Refuse what no living body has; the limits stand in one file with the check at the gate."""
    low, high = plausible_limits()[(indicator.code, indicator.unit)]
    if not low <= value <= high:
        raise Implausible(
            _(
                "%(title)s must lie between %(low)s and %(high)s",
                title=indicator.shown,
                low=show_number(low),
                high=indicator.value(high),
            )
        )
