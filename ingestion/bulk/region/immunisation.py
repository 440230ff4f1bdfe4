"""The vaccination calendar: doses by age, in time, late, refused, missing; and autumn influenza."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import Ints, date, day, moment, workday
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import office_minute
from ingestion.bulk.region.rows import Coded


@dataclass(frozen=True)
class Dose:
    """One dose of the calendar; ``cvx`` is the code of the product."""

    age_days: int
    cvx: str
    number: int
    girls_only: bool = False


# Government decree 612 of 24.09.2020 as amended; products by the usual presentation.
CALENDAR = (
    Dose(1, "08", 1),
    Dose(3, "19", 1),
    Dose(60, "146", 1),
    Dose(60, "133", 1),
    Dose(90, "120", 1),
    Dose(120, "146", 2),
    Dose(120, "133", 2),
    Dose(365, "03", 1),
    Dose(365, "133", 3),
    Dose(365, "178", 1),
    Dose(540, "120", 2),
    Dose(730, "83", 1),
    Dose(912, "83", 2),
    Dose(2190, "20", 1),
    Dose(2190, "03", 2),
    Dose(4015, "165", 1, True),
    Dose(4197, "165", 2, True),
    Dose(5840, "09", 1),
)
_INFLUENZA = "141"


def luck(people: Ints, salt: int) -> np.ndarray:
    """A number in 0…1 that belongs to a person and a purpose, not to the order of drawing."""
    mixed = (people.astype(np.uint64) + np.array([salt], dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(
        0xBF58476D1CE4E5B9
    )
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2**53


def simulate(district: District, block: int, start: int, end: int) -> None:
    """The doses given between two days."""
    rng = district.stream("immunisation", block)
    for age_days in sorted({dose.age_days for dose in CALENDAR}):
        _age(district, rng, age_days, start, end)
    _influenza(district, rng, start, end)


def _age(district: District, rng: np.random.Generator, age_days: int, start: int, end: int) -> None:
    people = district.people
    chance = luck(people.id, age_days)
    # Most come within three weeks, a tenth months later.
    delay = np.where(
        luck(people.id, age_days + 7) < 0.9,
        luck(people.id, age_days + 11) * 21,
        30 + luck(people.id, age_days + 13) * 200,
    )
    if age_days <= 3:
        delay = np.zeros(len(people))
    days = people.birth + age_days + delay.astype(np.int64)
    days = workday(days) if age_days > 3 else days
    refused = figure("immunisation.refused")
    who = np.flatnonzero(
        (days >= start) & (days < end) & (people.quiet == 0) & (chance < figure("immunisation.coverage") + refused)
    )
    days = days[who]
    here = people.here(who, days)
    who, days = who[here], days[here]
    at = moment(days, office_minute(rng, len(who)))
    place = people.place_on(who, days)
    encounter = district.visits(rng, who, at, "Z27", purpose="prevention", practitioner_id=district.places.nurse[place])
    for dose in (dose for dose in CALENDAR if dose.age_days == age_days):
        given = np.flatnonzero((people.female[who] == 1) | (not dose.girls_only))
        district.facts(
            "immunization",
            who[given],
            at[given],
            encounter_id=encounter[given],
            code=dose.cvx,
            dose_number=dose.number,
            status=Coded((chance[who[given]] < refused).astype(np.int64), ("completed", "refused")),
            practitioner_id=district.places.nurse[place[given]],
            evidence="presence",
        )


def _influenza(district: District, rng: np.random.Generator, start: int, end: int) -> None:
    year = date(start).year
    first, last = max(start, day(dt.date(year, 9, 20))), min(end, day(dt.date(year, 11, 5)))
    if first >= last:
        return
    people = district.people
    days = workday(
        day(dt.date(year, 9, 20))
        + (luck(people.id, year) / figure("immunisation.influenza_share") * 45).astype(np.int64)
    )
    who = np.flatnonzero(
        (days >= first)
        & (days < last)
        & (luck(people.id, year) < figure("immunisation.influenza_share"))
        & (people.quiet == 0)
    )
    who = who[people.here(who, days[who])]
    at = moment(days[who], office_minute(rng, len(who)))
    place = people.place_on(who, days[who])
    district.facts(
        "immunization", who, at, code=_INFLUENZA, practitioner_id=district.places.nurse[place], evidence="presence"
    )
