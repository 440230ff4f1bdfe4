"""Deaths: where, of what, and when the organisation of attachment learns of them."""

from __future__ import annotations

import numpy as np

from ingestion.bulk.region import registry
from ingestion.bulk.region.calibration import morbidity
from ingestion.bulk.region.days import FAR, Ints, local_day, moment, month, workday
from ingestion.bulk.region.district import District, is_winter
from ingestion.bulk.region.draws import any_minute, chance, choose, office_minute
from ingestion.bulk.region.rows import Coded
from ingestion.bulk.region.vascular import CAUSES

_PLACES = ("home", "hospital", "ambulance", "other", "unknown")
_INJURY = "T14"
_NEVER_PROCESSED = 0.03
"""Deaths after which nobody ends the attachment: the source of services to the dead."""


def simulate(district: District, block: int, start: int, end: int) -> None:
    """Deaths that happen between two days among people attached here."""
    people = district.people
    everyone = np.arange(len(people))
    due = (people.death >= start) & (people.death < end) & (people.quiet == 0)
    who = everyone[
        due & (people.joined <= people.death) & (people.death < people.left) & (people.birth <= people.death)
    ]
    rng = district.stream("deaths", block)
    days, size = people.death[who], len(who)
    causes = morbidity("deaths")
    cause = causes.draw(rng, people.female[who], people.age(who, days), is_winter(month(days)))
    # what begins around birth is no cause after the first birthday; injuries lead among children then
    of_birth = np.array([code.startswith("P") for code in causes.codes])[cause]
    cause = np.where(of_birth & (people.age(who, days) >= 1), causes.codes.index(_INJURY), cause)
    in_stay = district.death_cause[who] >= 0
    cause = np.where(in_stay, district.death_cause[who] + len(causes.codes), cause)
    place = np.where(in_stay, 1, choose(rng, (62, 29, 2, 6, 1), size))
    at = np.where(in_stay, district.death_at[who], moment(days, any_minute(rng, size)))
    # A death in the district is known the same or the next day, one elsewhere comes through the registry.
    elsewhere = in_stay | (place == 1) & chance(rng, 0.6, size) | (place >= 3)
    known = at + np.where(elsewhere, registry.lag(rng, size) * 2, registry.short_lag(rng, size))
    district.facts(
        "death",
        who,
        at,
        known_at=known,
        place=Coded(place, _PLACES),
        cause_icd10=Coded(cause, (*causes.codes, *CAUSES)),
        is_time_exact=~chance(rng, 0.05, size),
        source=Coded(elsewhere.astype(np.int64), ("screen", "registry")),
        evidence="typed",
    )
    processed = ~chance(rng, _NEVER_PROCESSED, size)
    _after(district, rng, who, at, known)
    district.known_dead[who] = np.where(processed, np.maximum(local_day(known), days), FAR)


def _after(district: District, rng: np.random.Generator, who: Ints, at: Ints, known: Ints) -> None:
    """Bookings of the dead are cancelled when the registrar learns of it, most deaths are reviewed."""
    size = len(who)
    booked = np.flatnonzero(chance(rng, 0.15, size))
    ahead = workday(local_day(known[booked]) + rng.integers(1, 15, len(booked)))
    start = moment(ahead, office_minute(rng, len(booked)))
    cancelled = chance(rng, 0.9, len(booked))
    district.facts(
        "appointment",
        who[booked],
        district.booked_at(who[booked], at[booked] - rng.integers(600, 9000, len(booked))),
        start_at=start,
        end_at=start + 15,
        status=Coded(cancelled.astype(np.int64), ("noshow", "cancelled")),
        late=np.where(cancelled, known[booked] + 180, start + 30),
        cancel_reason=Coded(np.where(cancelled, 0, -1), ("died",)),
    )
    reviewed = np.flatnonzero(chance(rng, 0.8, size))
    when = moment(
        workday(local_day(known[reviewed]) + rng.integers(1, 10, len(reviewed))), office_minute(rng, len(reviewed))
    )
    polyclinic = district.places.polyclinic
    district.facts(
        "procedure",
        who[reviewed],
        when,
        code="L08.001.000",
        organization_id=polyclinic,
        practitioner_id=district.staff.one("chief_physician", polyclinic),
    )
