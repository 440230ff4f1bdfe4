"""Hospital stays for common reasons, ambulance cards, and people an admission room sent home."""

from __future__ import annotations

from typing import Any

import numpy as np

from ingestion.bulk.region import registry
from ingestion.bulk.region.calibration import figure, morbidity
from ingestion.bulk.region.days import Ints, moment, month
from ingestion.bulk.region.district import District, is_winter
from ingestion.bulk.region.draws import any_minute, chance, choose
from ingestion.bulk.region.rows import Coded

_AGES = (0, 1, 5, 15, 40, 60, 75)
_STAYS = (320, 180, 90, 90, 140, 270, 330)
_CALLS = (900, 800, 300, 250, 380, 750, 1100)
_REASONS = ("refused", "not_indicated", "non_profile", "no_bed", "walked_out")


def simulate(district: District, block: int, start: int, end: int) -> None:
    """All of these for one block of days."""
    rng = district.stream("hospital", block)
    who = district.living(start)
    age = district.people.age(who, start)
    for process, shape, rate in (
        (_stays, _STAYS, figure("hospital.stays_per_1000") * 0.82),
        (_calls, _CALLS, figure("hospital.ambulance_cards_per_1000")),
        (_turned_away, _CALLS, figure("hospital.admission_refusals_per_1000")),
    ):
        weight = np.interp(age, _AGES, shape)
        expected = weight / weight.mean() * rate / 1000 * (end - start) / 365 if len(who) else weight
        chosen = np.repeat(who, rng.poisson(expected))
        days = rng.integers(start, end, len(chosen))
        here = district.people.here(chosen, days)
        process(district, rng, chosen[here], days[here])


def _stays(district: District, rng: np.random.Generator, who: Ints, days: Ints) -> None:
    # Pregnant women have stays of their own.
    apart = district.people.pregnant_until[who] < days
    who, days = who[apart], days[apart]
    size, people = len(who), district.people
    reasons = morbidity("stays")
    reason = reasons.draw(rng, people.female[who], people.age(who, days), is_winter(month(days)))
    length = np.clip(rng.gamma(4, 1.8, size), 1, 30).astype(np.int64)
    # Nobody is discharged alive after death.
    length = np.minimum(length, np.maximum(people.death[who] - days - 1, 0))
    at = moment(days, any_minute(rng, size))
    ended = np.maximum(moment(days + length, rng.integers(600, 960, size)), at + 600)
    outside = chance(rng, figure("hospital.outside_share"), size)
    ward = np.array([district.places.departments[name] for name in reasons.departments])
    doctor = np.array(
        [district.staff.ward_doctor(name, district.places.departments[name]) for name in reasons.departments]
    )
    known = at + np.where(outside, registry.short_lag(rng, size), 0)
    discharge_known = np.maximum(ended + np.where(outside, registry.lag(rng, size), 0), known)
    facility = district.external.organization["multiprofile"]
    stay(
        district,
        rng,
        who,
        at,
        Coded(reason, reasons.codes),
        ended=ended,
        known=known,
        discharge_known=discharge_known,
        organization_id=np.where(outside, facility, district.places.hospital),
        department_id=np.where(outside, facility, ward[reason]),
        practitioner_id=np.where(outside, district.external.practitioner["multiprofile"], doctor[reason]),
        source=Coded(outside.astype(np.int64), ("screen", "registry")),
        is_planned=chance(rng, 0.45, size),
    )


def stay(
    district: District,
    rng: np.random.Generator,
    who: Ints,
    at: Ints,
    diagnosis: Any,
    *,
    ended: Ints,
    known: Ints,
    discharge_known: Ints,
    disposition: Any = "home",
    **columns: Any,
) -> Ints:
    """Inpatient stays: the diagnosis is final at discharge and known with it."""
    place = {key: columns[key] for key in ("organization_id", "practitioner_id", "source") if key in columns}
    encounter = district.facts(
        "encounter",
        who,
        at,
        encounter_class="inpatient",
        purpose="hospitalisation",
        known_at=known,
        end_at=ended,
        end_known_at=discharge_known,
        disposition=disposition,
        late=discharge_known,
        payer="insurance",
        evidence="presence",
        site_id=None,
        **columns,
    )
    district.facts(
        "condition",
        who,
        ended,
        encounter_id=encounter,
        icd10=diagnosis,
        known_at=discharge_known,
        evidence="presence",
        **place,
    )
    return encounter


def _calls(district: District, rng: np.random.Generator, who: Ints, days: Ints) -> None:
    size = len(who)
    reasons = morbidity("calls")
    reason = reasons.draw(rng, district.people.female[who], district.people.age(who, days), is_winter(month(days)))
    at = moment(days, any_minute(rng, size))
    known = at + registry.short_lag(rng, size)
    district.visits(
        rng,
        who,
        at,
        Coded(reason, reasons.codes),
        kind="preliminary",
        encounter_class="emergency",
        purpose="ambulance_call",
        organization_id=district.external.organization["ambulance"],
        practitioner_id=district.external.practitioner["ambulance"],
        source="registry",
        evidence="presence",
        known_at=known,
        end_at=at + 45,
        end_known_at=known,
        disposition=Coded(chance(rng, 0.12, size).astype(np.int64), ("home", "transferred")),
        site_id=None,
    )


def _turned_away(district: District, rng: np.random.Generator, who: Ints, days: Ints) -> None:
    size = len(who)
    reasons = morbidity("calls")
    reason = reasons.draw(rng, district.people.female[who], district.people.age(who, days), is_winter(month(days)))
    outside = chance(rng, 0.4, size)
    at = moment(days, any_minute(rng, size))
    known = at + np.where(outside, registry.lag(rng, size), 30)
    district.visits(
        rng,
        who,
        at,
        Coded(reason, reasons.codes),
        kind="admission",
        encounter_class="emergency",
        purpose="hospitalisation",
        organization_id=np.where(outside, district.external.organization["multiprofile"], district.places.hospital),
        department_id=np.where(
            outside, district.external.organization["multiprofile"], district.places.departments["admission"]
        ),
        practitioner_id=np.where(
            outside,
            district.external.practitioner["multiprofile"],
            district.staff.ward_doctor("admission", district.places.departments["admission"]),
        ),
        source=Coded(outside.astype(np.int64), ("screen", "registry")),
        evidence="presence",
        known_at=known,
        end_at=at + 90,
        end_known_at=np.maximum(known, at + 90),
        disposition=Coded(choose(rng, (3, 8, 2, 1, 2), size), _REASONS),
        site_id=None,
    )
