"""Ages and deaths: the shape of the population and how long each person lives."""

from __future__ import annotations

import numpy as np

from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import FAR, Ints
from ingestion.bulk.region.draws import Floats

# Gompertz mortality: the hazard of a year at age 0 of the adult curve, and its growth with age.
_HAZARD = {0: 0.000108, 1: 0.0000305}
_GROWTH = {0: 0.0840, 1: 0.0945}
_ACCIDENTS = 0.0004
"""Hazard of a year that does not depend on age."""
_LONGEST = 104


def age_weights(female: int, year: int) -> Floats:
    """Relative number of people of each full year of age."""
    bands = figure(f"population.age_bands_{'female' if female else 'male'}")
    births = figure("population.live_births_by_year")
    weights = np.zeros(_LONGEST)
    starts = sorted(bands)
    for start, end in zip(starts, [*starts[1:], _LONGEST], strict=True):
        ages = np.arange(start, end)
        # Children follow the births of their year, the old thin out, the middle is even.
        shape = np.array(
            [births.get(year - 1 - age, births[2025]) if age < 26 else 300_000 for age in ages], dtype=float
        )
        if start >= 60:
            shape = shape * np.exp(-(ages - start) * (0.045 if start < 75 else 0.17))
        weights[start:end] = bands[start] * shape / shape.sum()
    return weights


def draw_ages(rng: np.random.Generator, female: np.ndarray, start: int, year: int) -> Ints:
    """Birth days of people who are alive on the first day."""
    birth = np.zeros(len(female), dtype=np.int64)
    for sex in (0, 1):
        weights = age_weights(sex, year)
        mine = np.flatnonzero(female == sex)
        ages = rng.choice(len(weights), size=len(mine), p=weights / weights.sum())
        birth[mine] = start - (ages * 365.25).astype(np.int64) - rng.integers(1, 365, len(mine))
    return birth


def women_share(year: int) -> float:
    """Share of women among all."""
    men, women = age_weights(0, year).sum(), age_weights(1, year).sum()
    return float(women / (men + women))


def draw_deaths(rng: np.random.Generator, female: np.ndarray, birth: Ints, alive_on: int) -> Ints:
    """Day of death of people alive on a day, by the Gompertz law from their age."""
    ages = (alive_on - birth) / 365.25
    hazard = np.where(female == 1, _HAZARD[1], _HAZARD[0]) * figure("population.deaths_per_1000") / 7.6
    growth = np.where(female == 1, _GROWTH[1], _GROWTH[0])
    luck = rng.exponential(size=len(birth))
    years = np.log1p(growth * luck / (hazard * np.exp(growth * np.maximum(ages, 8)))) / growth
    years = np.minimum(years, rng.exponential(1 / _ACCIDENTS, len(birth)))
    return np.minimum(alive_on + 1 + (years * 365.25).astype(np.int64), FAR)


def draw_infant_deaths(rng: np.random.Generator, birth: Ints, female: np.ndarray) -> Ints:
    """Day of death of newborns: a few within the year, the rest by the general law."""
    deaths = draw_deaths(rng, female, birth, int(birth.max()) if birth.size else 0)
    lost = rng.random(len(birth)) < figure("population.infant_deaths_per_1000_births") / 1000
    # About three of five die in the first four weeks, most of these in the first one.
    early = rng.random(len(birth)) < 0.6
    days = np.where(early, rng.exponential(6, len(birth)).astype(np.int64) + 1, rng.integers(28, 365, len(birth)))
    return np.where(lost, birth + days, deaths)


def onset_days(rng: np.random.Generator, birth: Ints, ceiling: float, middle: float, width: float) -> Ints:
    """The day a chronic disease is found, so that its share by age is a logistic curve; FAR for most."""
    luck = rng.random(len(birth))
    share = np.clip(luck / ceiling, 1e-9, 1 - 1e-9)
    age = middle + width * np.log(share / (1 - share))
    found = birth + (np.clip(age, 0, 120) * 365.25).astype(np.int64)
    return np.where(luck < ceiling, found, FAR)
