"""Pregnancies: conception, registration, planned visits, complications and outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.bulk.region import registry
from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import FAR, NULL, Ints, moment, workday
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import any_minute, chance, choose, office_minute
from ingestion.bulk.region.rows import Coded

OUTCOMES = ("live_birth", "stillbirth", "miscarriage", "abortion", "ectopic")
RISKS = ("low", "moderate", "high")
# Women who conceive, by age, before scaling to the births of the region.
_AGES = (15, 18, 20, 25, 30, 35, 40, 45, 49)
_SHAPE = (4, 35, 105, 150, 112, 62, 18, 2, 0)
_TERM_DAYS = 280
PUERPERIUM_DAYS = 42


@dataclass
class Pregnancies:
    """A batch of pregnancies as arrays."""

    who: Ints
    lmp: Ints
    outcome: Ints
    """Position in ``OUTCOMES``."""
    outcome_day: Ints
    outcome_at: Ints
    outcome_known: Ints
    registered: Ints
    """Day of registration, ``FAR`` if never."""
    risk: Ints
    care_level: Ints
    outside: np.ndarray
    """Delivered in the oblast centre."""
    serving: Ints
    """Place that serves her, the place of attachment for most."""
    episode: Ints


def simulate(district: District, block: int, start: int, end: int) -> Pregnancies:
    """Pregnancies that begin between two days, with everything that follows from them."""
    rng = district.stream("pregnancy", block)
    who = _women(district, rng, start, end)
    made = _draw(district, rng, who, rng.integers(start, end, len(who)))
    district.people.pregnant_until[who] = made.outcome_day + PUERPERIUM_DAYS
    _register(district, rng, made)
    born = np.flatnonzero(made.outcome == 0)
    district.due_births.append(
        {
            "mother": made.who[born],
            "day": made.outcome_day[born],
            "at": made.outcome_at[born],
            "length": made.outcome_day[born] - made.lmp[born],
            "outside": made.outside[born].astype(np.int64),
        }
    )
    return made


def _women(district: District, rng: np.random.Generator, start: int, end: int) -> Ints:
    living = district.living(max(start, district.span.start))
    people = district.people
    women = living[(people.female[living] == 1) & (people.pregnant_until[living] < start)]
    weight = np.interp(people.age(women, start), _AGES, _SHAPE, left=0, right=0)
    live_share = 1 - sum(figure(f"pregnancy.{name}_share") for name in ("miscarriage", "abortion", "ectopic"))
    expected = figure("population.births_per_1000") / 1000 * len(living) * (end - start) / 365 / live_share
    size = min(rng.poisson(expected), int((weight > 0).sum()))
    return rng.choice(women, size, replace=False, p=weight / weight.sum()) if size else women[:0]


def _draw(district: District, rng: np.random.Generator, who: Ints, lmp: Ints) -> Pregnancies:
    size = len(who)
    lost = [figure(f"pregnancy.{name}_share") for name in ("miscarriage", "abortion", "ectopic")]
    still = figure("pregnancy.stillbirths_per_1000") / 1000 * (1 - sum(lost))
    outcome = choose(rng, (1 - sum(lost) - still, still, *lost), size)
    preterm = chance(rng, figure("pregnancy.preterm_share"), size)
    length = np.select(
        [outcome == 1, outcome == 2, outcome == 3, outcome == 4, preterm],
        [
            rng.integers(154, 286, size),
            rng.integers(42, 150, size),
            rng.integers(42, 83, size),
            rng.integers(40, 63, size),
            259 - rng.gamma(2, 9, size).clip(1, 90).astype(np.int64),
        ],
        np.clip(rng.normal(277, 8, size), 259, 293).astype(np.int64),
    )
    early = chance(rng, figure("pregnancy.before_12_weeks"), size)
    weeks = np.where(early, np.clip(rng.normal(9, 1.5, size), 5, 11.8), rng.uniform(12, 30, size))
    registered = workday(lmp + (weeks * 7).astype(np.int64))
    registered = np.where(chance(rng, figure("pregnancy.registered_share"), size), registered, FAR)
    day = lmp + length
    registered = np.where(registered < day, registered, FAR)
    registered = np.where(district.people.here(who, registered), registered, FAR)
    age = district.people.age(who, lmp)
    risk = choose(rng, (55, 27, 18), size)
    risk = np.where((age < 18) | (age >= 40), 2, risk)
    at = moment(day, any_minute(rng, size))
    outside = (risk == 2) & (outcome <= 1) | (length < 259) & (outcome <= 1) | (outcome <= 1) & chance(rng, 0.25, size)
    return Pregnancies(
        who=who,
        lmp=lmp,
        outcome=outcome,
        outcome_day=day,
        outcome_at=at,
        registered=registered,
        risk=risk,
        outcome_known=at + np.where(outside, registry.short_lag(rng, size), 60),
        care_level=risk + 1,
        outside=outside,
        serving=district.people.place_on(who, registered),
        episode=np.full(size, NULL),
    )


def _register(district: District, rng: np.random.Generator, made: Pregnancies) -> None:
    """The register cards, and where a woman is served if not at home."""
    on = np.flatnonzero(made.registered < FAR)
    who, days, size = made.who[on], made.registered[on], len(on)
    at = moment(days, office_minute(rng, size))
    elsewhere = np.flatnonzero(chance(rng, figure("pregnancy.served_elsewhere_share"), size))
    target = choose(rng, district.places.weights, len(elsewhere))
    elsewhere, target = elsewhere[target != made.serving[on][elsewhere]], target[target != made.serving[on][elsewhere]]
    serve(district, rng, made, on[elsewhere], target, at[elsewhere])
    # Leaving the district or dying ends the card before the outcome.
    left = np.minimum(district.people.left[who], district.people.death[who])
    cut = left <= made.outcome_day[on]
    ended = np.where(cut, moment(left, 700), made.outcome_at[on])
    known = np.where(cut, ended, made.outcome_known[on])
    unknown_risk = chance(rng, 0.04, size)
    made.episode[on] = district.facts(
        "episode_of_care",
        who,
        at,
        kind="pregnancy",
        status="finished",
        icd10=Coded((made.risk[on] == 2).astype(np.int64), ("Z34.8", "Z35.9")),
        organization_id=district.places.organization[made.serving[on]],
        site_id=site_of(district, made.serving[on]),
        practitioner_id=district.places.obstetrician[made.serving[on]],
        lmp_date=made.lmp[on],
        due_date=made.lmp[on] + _TERM_DAYS,
        risk_level=Coded(np.where(unknown_risk, -1, made.risk[on]), RISKS),
        required_care_level=np.where(unknown_risk, NULL, made.care_level[on]),
        end_at=ended,
        end_known_at=known,
        late=known,
        close_reason=Coded(
            np.where(cut, np.where(district.people.left[who] == left, 1, 2), 0), ("outcome", "moved", "died")
        ),
        outcome=Coded(np.where(cut, -1, made.outcome[on]), OUTCOMES),
        outcome_at=np.where(cut, NULL, made.outcome_at[on]),
        outcome_known_at=np.where(cut, NULL, known),
    )


def serve(district: District, rng: np.random.Generator, made: Pregnancies, index: Ints, target: Ints, at: Ints) -> None:
    """Offer women to another site; where it accepts, it is the one that acts."""
    accepted = chance(rng, 0.9, len(index))
    made.serving[index] = np.where(accepted, target, made.serving[index])
    begin = made.registered[index]
    district.rows.add(
        "serving_site",
        len(index),
        known=at,
        patient_id=district.people.id[made.who[index]],
        organization_id=district.places.organization[target],
        site_id=site_of(district, target),
        start_date=begin,
        end_date=made.outcome_day[index] + PUERPERIUM_DAYS,
        accepted_at=np.where(accepted, at + 200, NULL),
        late=moment(made.outcome_day[index] + PUERPERIUM_DAYS, 540),
    )


def site_of(district: District, place: Ints) -> Ints:
    """The site of a place that follows pregnancies."""
    women = district.places.women_site[place]
    return np.where(women == NULL, district.places.adult_site[place], women)
