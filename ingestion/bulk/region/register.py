"""Chronic disease: the dispensary register and the visits its people are due."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ingestion.bulk.region import pyramid
from ingestion.bulk.region.calibration import content, figure
from ingestion.bulk.region.days import FAR, NULL, Ints, moment, workday
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import chance, office_minute
from ingestion.bulk.region.rows import Coded

_OLDEST_CARD = 3650
"""Cards opened longer ago than the computer system are dated to its beginning."""


@cache
def diseases() -> tuple[dict[str, Any], ...]:
    """The registers in the order of the declaration."""
    return tuple(content("morbidity")["register"])


def draw_onsets(district: District) -> None:
    """Decide for each person which chronic diseases will be found, and when."""
    people = district.people
    for disease in diseases():
        rng = district.stream("onset", disease["key"])
        days = pyramid.onset_days(rng, people.birth, disease["ceiling"], disease["middle"], disease["width"])
        if disease.get("sex") == "female":
            days = np.where(people.female == 1, days, FAR)
        district.onset[disease["key"]] = np.where(people.quiet == 1, FAR, days)


def open_cards(district: District, start: int, end: int) -> None:
    """Cards of the diseases found between two days; the first call brings the register of the past."""
    for disease in diseases():
        days = district.onset[disease["key"]]
        who = np.flatnonzero((days >= start) & (days < end))
        opened = np.maximum(workday(days[who]), district.span.start - _OLDEST_CARD)
        # People who came later brought their card with them.
        opened = np.maximum(opened, district.people.joined[who] + 1)
        here = district.people.here(who, opened)
        who, opened = who[here], opened[here]
        rng = district.stream("card", disease["key"], start)
        at = moment(opened, office_minute(rng, len(who)))
        leaving = np.minimum(district.people.left[who], FAR)
        ends = np.where(leaving < FAR, moment(leaving, 600), NULL)
        district.facts(
            "episode_of_care",
            who,
            at,
            kind="dispensary",
            icd10=disease["icd10"],
            site_id=district.site(who, opened),
            status=Coded((leaving < FAR).astype(np.int64), ("active", "finished")),
            end_at=ends,
            end_known_at=ends,
            close_reason=Coded(np.where(leaving < FAR, 0, -1), ("moved",)),
            late=ends,
        )


def simulate(district: District, block: int, start: int, end: int) -> None:
    """New cards and the visits of those on the register."""
    open_cards(district, start, end)
    everyone = district.living(start)
    for disease in diseases():
        rng = district.stream("register", disease["key"], block)
        who = everyone[district.onset[disease["key"]][everyone] < start]
        due = disease["visits"] * figure("register.visits_kept") * (end - start) / 365
        who = np.repeat(who, rng.poisson(due, len(who)))
        days = workday(rng.integers(start, end, len(who)))
        here = district.people.here(who, days)
        _visits(district, rng, disease, who[here], days[here])


def _visits(district: District, rng: np.random.Generator, disease: dict[str, Any], who: Ints, days: Ints) -> None:
    size = len(who)
    at = moment(days, office_minute(rng, size))
    encounter = district.visits(rng, who, at, disease["icd10"], purpose="dispensary", character="chronic_known")
    district.pressure(rng, who, at, encounter, district.systolic(rng, who, int(days[0]) if size else 0))
    if disease["key"] == "diabetes":
        tested = np.flatnonzero(chance(rng, 0.4, size))
        value = np.round(np.clip(rng.normal(7.6, 1.4, len(tested)), 4.9, 13), 1)
        district.facts(
            "observation",
            who[tested],
            at[tested],
            encounter_id=encounter[tested],
            code="4548-4",
            value_number=value,
            unit="%",
            evidence="measured",
            source="device",
        )
    if disease["atc"]:
        given = np.flatnonzero(chance(rng, 0.65, size))
        district.facts(
            "medication_request",
            who[given],
            at[given],
            encounter_id=encounter[given],
            is_free=True,
            code=Coded(rng.integers(0, len(disease["atc"]), len(given)), disease["atc"]),
            end_date=days[given] + 90,
        )
