"""Deaths: where, of what, and when the organisation of attachment learns of them."""

from __future__ import annotations

import numpy as np

from ingestion.bulk.region import registry
from ingestion.bulk.region.calibration import morbidity
from ingestion.bulk.region.days import FAR, Ints, local_day, moment, month
from ingestion.bulk.region.district import District, is_winter
from ingestion.bulk.region.draws import any_minute, chance, choose
from ingestion.bulk.region.rows import Coded
from ingestion.bulk.region.vascular import CAUSES

_PLACES = ("home", "hospital", "ambulance", "other", "unknown")
_NEVER_PROCESSED = 0.03
"""Deaths after which nobody ends the attachment: the source of services to the dead."""


def simulate(district: District, block: int, start: int, end: int) -> None:
    """Deaths that happen between two days among people attached here."""
    people = district.people
    everyone = np.arange(len(people))
    due = (people.death >= start) & (people.death < end) & (people.quiet == 0)
    who = everyone[due & (people.joined <= people.death) & (people.death < people.left) & (people.birth <= people.death)]
    rng = district.stream("deaths", block)
    days, size = people.death[who], len(who)
    causes = morbidity("deaths")
    cause = causes.draw(rng, people.female[who], people.age(who, days), is_winter(month(days)))
    in_stay = district.death_cause[who] >= 0
    cause = np.where(in_stay, district.death_cause[who] + len(causes.codes), cause)
    place = np.where(in_stay, 1, choose(rng, (62, 29, 2, 6, 1), size))
    at = np.where(in_stay, district.death_at[who], moment(days, any_minute(rng, size)))
    # A death in the district is known the same or the next day, one elsewhere comes through the registry.
    elsewhere = in_stay | (place == 1) & chance(rng, 0.6, size) | (place >= 3)
    known = at + np.where(elsewhere, registry.lag(rng, size) * 2, registry.short_lag(rng, size))
    district.facts(
        "death", who, at, known_at=known, place=Coded(place, _PLACES), cause_icd10=Coded(cause, (*causes.codes, *CAUSES)),
        is_time_exact=~chance(rng, 0.05, size), source=Coded(elsewhere.astype(np.int64), ("screen", "registry")),
        evidence="typed",
    )  # fmt: skip
    processed = ~chance(rng, _NEVER_PROCESSED, size)
    district.known_dead[who] = np.where(processed, np.maximum(local_day(known), days), FAR)


def register(district: District, who: Ints, at: Ints, **columns: object) -> Ints:
    """A death written by hand; the attachment ends the day after it became known."""
    known = columns.get("known_at", at)
    district.people.death[who] = local_day(at)
    district.known_dead[who] = local_day(np.asarray(known))
    return district.facts("death", who, at, **columns)  # type: ignore[arg-type]
