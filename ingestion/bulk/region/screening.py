"""Screening of a calendar year: listed on 15 November before it, recorded, confirmed — and impossible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import FAR, NULL, Ints, day, moment, workday, year
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import chance, choose, office_minute
from ingestion.bulk.region.rows import Coded


@dataclass(frozen=True)
class Programme:
    """Whom a programme calls and the service that completes it; ages are those reached in the year."""

    key: str
    icd10: str
    women_only: bool
    ages: range
    not_with: tuple[str, ...]
    services: tuple[str, ...]
    """All of them complete the programme; the last one carries the result."""
    results: tuple[str, ...]
    result_weights: tuple[float, ...]


# Order КР ДСМ-174/2020 in the edition of order 75 of 10.07.2026.
PROGRAMMES = (
    Programme(
        "breast",
        "Z12.3",
        True,
        range(40, 77, 2),
        ("breast_cancer",),
        ("C03.082.005",),
        ("1", "2", "3", "4", "0"),
        (62, 31, 4, 1, 2),
    ),
    Programme(
        "cervix",
        "Z12.4",
        True,
        range(30, 75, 4),
        ("cervical_cancer",),
        ("B08.749.002",),
        ("NILM", "ASC-US", "LSIL", "HSIL"),
        (93, 4, 2, 1),
    ),
    Programme(
        "cvd_dm",
        "Z13.8",
        False,
        range(40, 77, 2),
        ("hypertension", "ischaemic_heart_disease", "diabetes", "glaucoma"),
        ("L04.001.000", "B03.372.002", "B03.486.002", "D89.113.338", "B03.328.002"),
        ("normal", "raised"),
        (84, 16),
    ),
)
_EVIDENCE = ("measured", "presence", "typed")


def years_listed(start: int, end: int) -> Iterator[int]:
    """Calendar years whose list is drawn up between two days."""
    for number in range(int(year(start)), int(year(end)) + 2):
        if start <= list_day(number) < end:
            yield number


def list_day(number: int) -> int:
    """The day the list of a year is closed."""
    return int(workday(day(dt.date(number - 1, 11, 15))))


def simulate(district: District, number: int) -> None:
    """List, services and evidence of one calendar year."""
    for programme in PROGRAMMES:
        rng = district.stream("screening", programme.key, number)
        shares = figure(f"screening.{programme.key}")
        who = _eligible(district, programme, number)
        listed = who[chance(rng, shares["listed"], len(who))]
        _list(district, rng, programme, number, listed, shares)


def _eligible(district: District, programme: Programme, number: int) -> Ints:
    people = district.people
    new_year, drawn = day(dt.date(number, 1, 1)), list_day(number)
    everyone = np.arange(len(people))
    fits = np.isin(number - year(people.birth), list(programme.ages)) & (people.quiet == 0)
    if programme.women_only:
        fits &= people.female == 1
    for key in programme.not_with:
        fits &= district.onset[key] > drawn
    # The first list of a history is drawn among those who were there when it began.
    fits &= (people.joined <= new_year) & (people.left > new_year) & (people.death > drawn)
    return everyone[fits & (people.joined <= drawn)]


def _list(
    district: District, rng: np.random.Generator, programme: Programme, number: int, who: Ints, shares: dict[str, float]
) -> None:
    people, size = district.people, len(who)
    new_year = day(dt.date(number, 1, 1))
    # Work piles up towards December.
    days = workday(new_year + 14 + (rng.beta(1.7, 1.15, size) * 338).astype(np.int64))
    recorded = chance(rng, shares["recorded"] / 0.985, size)
    here = people.here(who, days)
    dead = (people.death[who] <= days) & (people.left[who] > days)
    impossible = dead & chance(
        rng, min(1.0, figure("screening.impossible_after_death") / max(float(dead.mean()), 1e-9) if size else 0.0), size
    )
    recorded = recorded & here | impossible
    evidence = np.where(chance(rng, shares["confirmed"], size), choose(rng, (85, 15), size), 2)
    evidence = np.where(impossible, 2, evidence)
    at = moment(days, office_minute(rng, size))
    encounter = np.full(size, NULL)
    done = np.flatnonzero(recorded)
    encounter[done] = _services(district, rng, programme, who[done], at[done], evidence[done])
    again = done[chance(rng, figure("screening.impossible_repeat"), len(done))]
    later = workday(days[again] + rng.integers(20, 90, len(again)))
    again, later = again[people.here(who[again], later)], later[people.here(who[again], later)]
    _services(
        district, rng, programme, who[again], moment(later, office_minute(rng, len(again))), np.full(len(again), 2)
    )
    drawn = list_day(number)
    gone = np.minimum(people.left[who], people.death[who])
    cancelled = ~recorded & (gone < day(dt.date(number, 12, 31)))
    listed_at = moment(np.maximum(drawn, people.joined[who] + 1), 960)
    late = np.where(recorded, at + 20, np.where(cancelled, moment(np.minimum(gone, FAR - 1), 900), NULL))
    district.facts(
        "care_plan_activity",
        who,
        listed_at,
        programme=programme.key,
        step="listed",
        plan_year=number,
        planned_date=new_year + 14,
        status=Coded(np.where(recorded, 0, np.where(cancelled, 1, 2)), ("done", "cancelled", "planned")),
        encounter_id=encounter,
        late=np.where(late == NULL, NULL, np.maximum(late, listed_at)),
        site_id=district.site(who, drawn),
        cancel_reason=Coded(np.where(cancelled, people.death[who] == gone, -1), ("moved", "died")),
        practitioner_id=district.places.nurse[people.place_on(who, drawn)],
    )


def _services(
    district: District, rng: np.random.Generator, programme: Programme, who: Ints, at: Ints, evidence: Ints
) -> Ints:
    size, graded = len(who), Coded(evidence, _EVIDENCE)
    encounter = district.visits(rng, who, at, programme.icd10, purpose="screening", evidence=graded, kind="final")
    for turn, service in enumerate(programme.services, start=1):
        last = service == programme.services[-1]
        result = Coded(choose(rng, programme.result_weights, size), programme.results) if last else None
        district.facts(
            "procedure",
            who,
            at + turn,
            encounter_id=encounter,
            code=service,
            programme=programme.key,
            evidence=graded,
            source=Coded((evidence == 0).astype(np.int64), ("screen", "device")),
            known_at=at + 15,
            result_code=result,
        )
    if programme.key == "cvd_dm":
        seen = np.flatnonzero(evidence < 2)
        days = int(at[0] // 1440) if size else 0
        district.pressure(rng, who[seen], at[seen], encounter[seen], district.systolic(rng, who[seen], days))
        for code, mean, spread, unit in (("22748-8", 2.9, 0.7, "mmol/L"), ("4548-4", 5.4, 0.6, "%")):
            value = np.round(np.clip(rng.normal(mean, spread, len(seen)), mean / 2, mean * 2.4), 1)
            district.facts(
                "observation",
                who[seen],
                at[seen] + 10,
                encounter_id=encounter[seen],
                code=code,
                value_number=value,
                unit=unit,
                evidence="measured",
                source="device",
                known_at=at[seen] + 15,
            )
    return encounter
