"""Heart attacks, strokes and TIAs: treated in the oblast centre, followed at home on time, late or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.bulk.region import registry
from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import NULL, Ints, local_day, moment, workday
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import any_minute, chance, choose, office_minute
from ingestion.bulk.region.hospital import stay
from ingestion.bulk.region.rows import Coded


@dataclass(frozen=True)
class Event:
    """One kind of acute event and what should follow it."""

    key: str
    facility: str
    codes: tuple[str, ...]
    weights: tuple[float, ...]
    mortality: str | None
    days: float
    card: str
    medicines: tuple[str, ...]
    visit_within: int


EVENTS = (
    Event(
        "acs",
        "cardiology",
        ("I20.0", "I21.0", "I21.1", "I21.4", "I21.9", "I22.0", "I24.8"),
        (40, 18, 16, 14, 8, 2, 2),
        "vascular.acs_hospital_mortality",
        8,
        "I25.2",
        ("B01AC06", "C10AA05", "C07AB02", "C09AA05"),
        3,
    ),
    Event(
        "stroke",
        "stroke",
        ("I63.3", "I63.4", "I63.5", "I63.9", "I61.9", "I60.9", "I64"),
        (26, 18, 16, 20, 12, 4, 4),
        "vascular.stroke_hospital_mortality",
        11,
        "I69.3",
        ("B01AC06", "C10AA05", "C09AA05"),
        3,
    ),
    Event(
        "tia",
        "stroke",
        ("G45.0", "G45.1", "G45.8", "G45.9", "G45.4"),
        (25, 15, 20, 35, 5),
        None,
        5,
        "I67.8",
        ("B01AC06", "C10AA05"),
        1,
    ),
)
CAUSES = ("I21.9", "I64", "I67.8")
"""Cause of a death in hospital, in the order of the events."""


def simulate(district: District, block: int, start: int, end: int) -> None:
    """The events of one block of days."""
    everyone = district.living(start)
    age = district.people.age(everyone, start)
    risk = np.where(age >= 33, np.exp((np.minimum(age, 85) - 33) * 0.075), 0)
    # A third more for men, and none of those who carry a child.
    risk = (
        risk
        * np.where(district.people.female[everyone] == 1, 0.75, 1.25)
        * (district.people.pregnant_until[everyone] < start)
    )
    for event in EVENTS:
        rng = district.stream(event.key, block)
        rate = figure(f"vascular.{event.key}_per_1000") / 1000 * (end - start) / 365
        size = rng.poisson(rate * len(everyone)) if risk.sum() else 0
        who = everyone[choose(rng, risk, size)] if size else everyone[:0]
        who = np.unique(who)
        days = rng.integers(start, end, len(who))
        here = district.people.here(who, days)
        _treat(district, rng, event, who[here], days[here])


def _treat(district: District, rng: np.random.Generator, event: Event, who: Ints, days: Ints) -> None:
    size = len(who)
    at = moment(days, any_minute(rng, size))
    length = np.clip(rng.normal(event.days, 2.5, size), 1, 25).astype(np.int64)
    lethal = chance(rng, figure(event.mortality) if event.mortality else 0.0, size)
    length = np.where(lethal, np.maximum(length // 2, 1), length)
    # Somebody who was to die sooner dies in this stay.
    lethal |= district.people.death[who] <= days + length
    length = np.minimum(length, np.maximum(district.people.death[who] - days, 1))
    ended = np.maximum(moment(days + length, rng.integers(600, 900, size)), at + 300)
    district.people.death[who] = np.where(lethal, local_day(ended), district.people.death[who])
    district.death_at[who] = np.where(lethal, ended, district.death_at[who])
    district.death_cause[who] = np.where(lethal, EVENTS.index(event), district.death_cause[who])
    known = at + registry.short_lag(rng, size)
    discharge_known = np.maximum(ended + registry.lag(rng, size), known)
    facility, doctor = district.external.organization[event.facility], district.external.practitioner[event.facility]
    unadmitted = chance(rng, 0.2, size) & ~lethal if event.key == "tia" else np.zeros(size, dtype=bool)
    diagnosis = choose(rng, event.weights, size)
    admitted = np.flatnonzero(~unadmitted)
    stay(
        district,
        rng,
        who[admitted],
        at[admitted],
        Coded(diagnosis[admitted], event.codes),
        ended=ended[admitted],
        known=known[admitted],
        discharge_known=discharge_known[admitted],
        disposition=Coded(lethal[admitted].astype(np.int64), ("home", "died")),
        organization_id=facility,
        department_id=facility,
        practitioner_id=doctor,
        source="registry",
    )
    seen = np.flatnonzero(unadmitted)
    district.visits(
        rng,
        who[seen],
        at[seen],
        Coded(diagnosis[seen], event.codes),
        encounter_class="emergency",
        purpose="hospitalisation",
        organization_id=facility,
        practitioner_id=doctor,
        source="registry",
        evidence="presence",
        known_at=discharge_known[seen],
        end_at=at[seen] + 120,
        end_known_at=discharge_known[seen],
        disposition="not_indicated",
        site_id=None,
    )
    alive = np.flatnonzero(~lethal)
    _follow(district, rng, event, who[alive], discharge_known[alive])


def _follow(district: District, rng: np.random.Generator, event: Event, who: Ints, known: Ints) -> None:
    """The site doctor's call and visit after the discharge became known."""
    size = len(who)
    luck = rng.random(size)
    on_time, late = figure("vascular.follow_up_on_time"), figure("vascular.follow_up_late")
    delay = np.where(luck < on_time, rng.integers(0, event.visit_within, size), rng.integers(5, 26, size))
    days = np.where(luck < on_time, local_day(known) + delay, workday(local_day(known) + delay))
    days = np.maximum(days, local_day(known) + (luck >= on_time))
    comes = (luck < on_time + late) & district.people.here(who, days)
    who, days, known = who[comes], days[comes], known[comes]
    at = np.maximum(moment(days, office_minute(rng, len(who))), known + 60)
    call = np.flatnonzero(chance(rng, 0.7, len(who)))
    district.visits(rng, who[call], known[call] + 45, event.card, encounter_class="virtual", purpose="active")
    home = chance(rng, 0.7, len(who)) | (event.key == "stroke")
    encounter = district.visits(
        rng,
        who,
        at,
        event.card,
        encounter_class=Coded(home.astype(np.int64), ("ambulatory", "home")),
        purpose="active",
        character="chronic_new",
    )
    district.pressure(rng, who, at, encounter, district.systolic(rng, who, int(days[0]) if len(days) else 0))
    for medicine in event.medicines[:2]:
        given = np.flatnonzero(chance(rng, 0.92, len(who)))
        district.facts(
            "medication_request",
            who[given],
            at[given],
            encounter_id=encounter[given],
            code=medicine,
            is_free=True,
            end_date=local_day(at[given]) + 90,
        )
    _examine(district, rng, event, who, at, encounter)
    fresh = np.flatnonzero((district.onset["ischaemic_heart_disease"][who] > days) | (event.key != "acs"))
    district.facts(
        "episode_of_care",
        who[fresh],
        at[fresh],
        kind="dispensary",
        icd10=event.card,
        site_id=district.site(who[fresh], days[fresh]),
        end_at=NULL,
    )


def _examine(district: District, rng: np.random.Generator, event: Event, who: Ints, at: Ints, encounter: Ints) -> None:
    """What the visit leads to: scale, rehabilitation and neurologist after a stroke, ECG and duplex after a TIA."""
    size = len(who)
    polyclinic = district.places.polyclinic
    neurologist = district.staff.one("neurologist", polyclinic)
    elsewhere = {"organization_id": polyclinic, "practitioner_id": neurologist}
    done: tuple[tuple[str, float, int, bool], ...] = (("C02.001.000", 0.8, 0, True),)
    if event.key == "stroke":
        scored = np.flatnonzero(chance(rng, 0.85, size))
        district.facts(
            "observation",
            who[scored],
            at[scored],
            encounter_id=encounter[scored],
            code="75859-9",
            unit="{score}",
            value_number=rng.integers(0, 5, len(scored)).astype(float),
        )
        sent = np.flatnonzero(chance(rng, 0.8, size))
        district.facts(
            "service_request",
            who[sent],
            at[sent],
            encounter_id=encounter[sent],
            category="rehabilitation",
            code="L07.003.000",
            status="active",
            reason_icd10=event.card,
        )
        done = (("A02.018.000", 0.7, 11, False),)
    elif event.key == "tia":
        done = (("C02.001.000", 0.9, 0, True), ("C03.002.003", 0.75, 6, True))
    for service, share, within, measured in done:
        seen = np.flatnonzero(chance(rng, share, size))
        days = workday(local_day(at[seen]) + 1 + rng.integers(0, within, len(seen))) if within else local_day(at[seen])
        here = district.people.here(who[seen], days)
        seen, days = seen[here], days[here]
        when = np.maximum(moment(days, office_minute(rng, len(seen))), at[seen] + 10) if within else at[seen] + 10
        district.facts(
            "procedure",
            who[seen],
            when,
            code=service,
            evidence="measured" if measured else "presence",
            source="device" if measured else "screen",
            known_at=when + 30,
            **(elsewhere if within else {}),
        )
