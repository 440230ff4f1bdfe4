"""Everyday visits: why people come, what is measured, ordered, done and prescribed."""

from __future__ import annotations

import numpy as np

from ingestion.bulk.region.calibration import Morbidity, figure, morbidity
from ingestion.bulk.region.days import NULL, Ints, moment, month, workday
from ingestion.bulk.region.district import District, is_winter
from ingestion.bulk.region.draws import any_minute, chance, choose, office_minute
from ingestion.bulk.region.rows import Coded

# Visits a year by age, men and women, before scaling to the national number per person.
_AGES = (0, 1, 5, 15, 18, 30, 40, 50, 60, 70, 85)
_MEN = (9.0, 6.0, 3.2, 2.4, 1.8, 2.0, 2.6, 3.6, 5.2, 6.4, 5.5)
_WOMEN = (9.0, 6.0, 3.2, 3.0, 3.4, 3.8, 4.0, 4.8, 6.0, 6.6, 5.5)
_SCALE = 0.86
"""What register, pregnancy, vaccination and screening visits leave of the national number."""
_PREVENTION = 0.16
_TESTS = ("B02.110.002", "B01.077.002", "C02.001.000", "C03.008.004", "B03.335.002")
"""Blood count, urine, ECG, abdominal ultrasound, glucose."""
_CATEGORIES = ("laboratory", "laboratory", "imaging", "imaging", "laboratory")


def simulate(district: District, block: int, start: int, end: int) -> None:
    """The everyday visits of one block of days."""
    rng = district.stream("ambulatory", block)
    who = district.living(start)
    age, female = district.people.age(who, start), district.people.female[who]
    yearly = np.where(female == 1, np.interp(age, _AGES, _WOMEN), np.interp(age, _AGES, _MEN)) * _SCALE
    who = np.repeat(who, rng.poisson(yearly * (end - start) / 365))
    days = rng.integers(start, end, len(who))
    home = chance(rng, figure("visits.home_share"), len(who))
    # Home calls are answered on any day, the clinic sees people on working days.
    days = np.where(home, days, workday(days))
    here = district.people.here(who, days)
    _visits(district, rng, who[here], days[here], home[here])
    _missed_bookings(district, rng, who, start, end)


def _visits(district: District, rng: np.random.Generator, who: Ints, days: Ints, home: np.ndarray) -> None:
    people, size = district.people, len(who)
    minute = np.where(home, any_minute(rng, size).clip(480, 1200), office_minute(rng, size))
    at = moment(days, minute)
    winter = is_winter(month(days))
    preventive = ~home & chance(rng, _PREVENTION, size)
    ill, well = morbidity("visits"), morbidity("prevention")
    age = people.age(who, days)
    found = ill.draw(rng, people.female[who], age, winter)
    reason = well.draw(rng, people.female[who], age, winter)
    codes = (*ill.codes, *well.codes)
    diagnosis = np.where(preventive, reason + len(ill.codes), found)
    virtual = ~home & chance(rng, figure("visits.virtual_share"), size)
    kinds = np.where(home, 1, np.where(virtual, 2, 0))
    nurse = preventive & chance(rng, 0.4, size)
    place = people.place_on(who, days)
    encounter = district.visits(
        rng,
        who,
        at,
        Coded(diagnosis, codes),
        encounter_class=Coded(kinds, ("ambulatory", "home", "virtual")),
        purpose=Coded(np.where(home, 2, preventive), ("disease", "prevention", "home_call")),
        practitioner_id=np.where(nurse, district.places.nurse[place], district.doctor(who, days)),
        character=_characters(ill, found, preventive),
        kind=Coded(chance(rng, 0.18, size).astype(np.int64), ("final", "preliminary")),
    )
    _bookings(district, rng, who, at, chance(rng, figure("visits.booked_share"), size) & ~home & ~virtual)
    measured = (age >= 18) & chance(rng, 0.42, size) & ~virtual
    district.pressure(
        rng,
        who[measured],
        at[measured],
        encounter[measured],
        district.systolic(rng, who[measured], int(days[0]) if size else 0),
    )
    hot = (age < 18) & ~preventive & chance(rng, 0.4, size) & ~virtual
    district.facts(
        "observation",
        who[hot],
        at[hot],
        encounter_id=encounter[hot],
        code="8310-5",
        unit="Cel",
        value_number=np.round(rng.normal(37.4, 0.7, int(hot.sum())), 1),
    )
    _orders(district, rng, who, at, encounter, Coded(diagnosis, codes))
    _prescriptions(district, rng, who, at, encounter, ill, np.where(preventive, -1, found))


def _characters(ill: Morbidity, found: Ints, preventive: np.ndarray) -> Coded:
    labels = ("acute", "chronic_new", "chronic_known")
    known = np.array([labels.index(name) for name in ill.chronic])
    return Coded(np.where(preventive, -1, known[found]), labels)


def _orders(district: District, rng: np.random.Generator, who: Ints, at: Ints, encounter: Ints, reason: Coded) -> None:
    """Tests and referrals; most tests are done within the week, some are never."""
    chosen = np.flatnonzero(chance(rng, 0.16, len(who)))
    size = len(chosen)
    test = choose(rng, (5, 4, 2, 1.5, 2), size)
    delay = rng.integers(0, 6, size)
    done = chance(rng, 0.88, size)
    performed = moment(workday((at[chosen] + 300) // 1440 + delay), office_minute(rng, size))
    performed = np.maximum(performed, at[chosen] + 30)
    request = district.facts(
        "service_request",
        who[chosen],
        at[chosen],
        encounter_id=encounter[chosen],
        code=Coded(test, _TESTS),
        category=Coded(test, _CATEGORIES),
        status=Coded(done.astype(np.int64), ("active", "completed")),
        reason_icd10=Coded(reason.positions[chosen], reason.labels),
        late=np.where(done, performed, NULL),
    )
    made = np.flatnonzero(done)
    district.facts(
        "procedure",
        who[chosen][made],
        performed[made],
        encounter_id=encounter[chosen][made],
        service_request_id=request[made],
        code=Coded(test[made], _TESTS),
        evidence="measured",
        source="device",
        known_at=performed[made] + 60,
    )
    referred = np.flatnonzero(chance(rng, 0.05, len(who)))
    district.facts(
        "service_request",
        who[referred],
        at[referred],
        encounter_id=encounter[referred],
        category="consultation",
        code=Coded(rng.integers(0, 3, len(referred)), ("A02.015.000", "A02.018.000", "A02.004.000")),
        status="active",
        performer_organization_id=district.places.polyclinic,
        reason_icd10=Coded(reason.positions[referred], reason.labels),
    )


def _prescriptions(
    district: District, rng: np.random.Generator, who: Ints, at: Ints, encounter: Ints, ill: Morbidity, found: Ints
) -> None:
    listed = sorted({code for medicines in ill.medicines for code in medicines})
    # One medicine for each diagnosis and turn; −1 where nothing is prescribed.
    turns = np.array([[listed.index(m[turn % len(m)]) if m else -1 for m in ill.medicines] for turn in range(2)])
    medicine = np.where(found >= 0, turns[rng.integers(0, 2, len(who)), found], -1)
    given = np.flatnonzero((medicine >= 0) & chance(rng, 0.5, len(who)))
    district.facts(
        "medication_request",
        who[given],
        at[given],
        encounter_id=encounter[given],
        code=Coded(medicine[given], listed),
        is_free=chance(rng, 0.4, len(given)),
        end_date=(at[given] // 1440 + rng.integers(5, 60, len(given))),
    )


def _bookings(district: District, rng: np.random.Generator, who: Ints, at: Ints, booked: np.ndarray) -> None:
    chosen = np.flatnonzero(booked)
    ahead = rng.exponential(2600, len(chosen)).astype(np.int64).clip(40, 14 * 1440)
    made = district.booked_at(who[chosen], at[chosen] - ahead)
    district.facts("appointment", who[chosen], made, start_at=at[chosen], end_at=at[chosen] + 15, late=at[chosen])


def _missed_bookings(district: District, rng: np.random.Generator, who: Ints, start: int, end: int) -> None:
    size = int(len(who) * figure("visits.booked_share") * figure("visits.no_show_share"))
    chosen = rng.permutation(who)[:size]
    days = workday(rng.integers(start, end, size))
    at = moment(days, office_minute(rng, size))
    here = np.flatnonzero(district.people.here(chosen, days))
    cancelled = chance(rng, 0.4, len(here))
    district.facts(
        "appointment",
        chosen[here],
        district.booked_at(chosen[here], at[here] - rng.integers(60, 9000, len(here))),
        start_at=at[here],
        end_at=at[here] + 15,
        status=Coded(cancelled.astype(np.int64), ("noshow", "cancelled")),
        cancel_reason=Coded(np.where(cancelled, 0, -1), ("patient",)),
        late=at[here] + 20,
    )
