"""Outcomes of pregnancy in hospital, the newborn, and the first visits at home."""

from __future__ import annotations

from typing import Any

import numpy as np

from ingestion.bulk.region import names, pyramid, registry
from ingestion.bulk.region.days import FAR, Ints, local_day, moment
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import chance, office_minute
from ingestion.bulk.region.hospital import stay
from ingestion.bulk.region.pregnancy import Pregnancies
from ingestion.bulk.region.records import add_patients
from ingestion.bulk.region.rows import Coded

_CAESAREAN = 0.22
_MAIN = ("O80.0", "O82", "O60", "O03.9", "O04.9", "O00.1")
_RESULT = ("Z37.0", "Z37.1")


def deliver(district: District, block: int, made: Pregnancies) -> None:
    """The hospital stay in which each pregnancy ends."""
    rng = district.stream("delivery", block)
    on = np.flatnonzero(district.people.here(made.who, made.outcome_day))
    size, who, outcome = len(on), made.who[on], made.outcome[on]
    caesarean = chance(rng, _CAESAREAN, size)
    born = outcome <= 1
    preterm = (made.outcome_day[on] - made.lmp[on]) < 259
    main = np.select([outcome == 2, outcome == 3, outcome == 4, preterm, caesarean], [3, 4, 5, 2, 1], 0)
    at = made.outcome_at[on] - rng.integers(60, 900, size)
    stayed = np.select([~born, caesarean, preterm], [1, 5, 8], 3)
    # A child dies or lives on; the mother of this simulation goes home.
    stayed = np.minimum(stayed, np.maximum(district.people.death[who] - made.outcome_day[on] - 1, 0))
    ended = np.maximum(moment(made.outcome_day[on] + stayed, rng.integers(600, 840, size)), made.outcome_at[on] + 240)
    outside = made.outside[on]
    known = at + np.where(outside, registry.short_lag(rng, size), 0)
    facility, ward = district.external.organization["perinatal"], district.places.departments["maternity"]
    owner: dict[str, Any] = {
        "organization_id": np.where(outside, facility, district.places.hospital),
        "practitioner_id": np.where(
            outside, district.external.practitioner["perinatal"], district.staff.ward_doctor("maternity", ward)
        ),
        "source": Coded(outside.astype(np.int64), ("screen", "registry")),
    }
    discharge_known = np.maximum(ended + np.where(outside, registry.lag(rng, size), 0), known)
    encounter = stay(
        district,
        rng,
        who,
        at,
        Coded(main, _MAIN),
        ended=ended,
        known=known,
        discharge_known=discharge_known,
        department_id=np.where(outside, facility, ward),
        **owner,
    )
    result = np.flatnonzero(born)
    owner_born = {name: value[result] for name, value in owner.items() if name != "source"}
    district.facts(
        "condition",
        who[result],
        ended[result],
        encounter_id=encounter[result],
        icd10=Coded(outcome[result], _RESULT),
        type="concomitant",
        known_at=discharge_known[result],
        evidence="presence",
        source=Coded(outside[result].astype(np.int64), ("screen", "registry")),
        **owner_born,
    )
    home = np.flatnonzero(born & chance(rng, 0.88, size))
    days = local_day(discharge_known[home]) + rng.integers(1, 4, len(home))
    here = district.people.here(who[home], days)
    home, days = home[here], days[here]
    visit_at = moment(days, office_minute(rng, len(home)))
    visit = district.visits(rng, who[home], visit_at, "Z39.2", encounter_class="home", purpose="patronage")
    district.pressure(rng, who[home], visit_at, visit, np.clip(rng.normal(114, 9, len(home)), 88, 165))


def arrive(district: District, start: int, end: int) -> None:
    """Children born between two days join the district with their mother's home and moves."""
    due = {
        key: np.concatenate([batch[key] for batch in district.due_births])
        for key in ("mother", "day", "at", "length", "outside")
    }
    now = np.flatnonzero((due["day"] >= start) & (due["day"] < end))
    now = now[district.people.here(due["mother"][now], due["day"][now])]
    if not now.size:
        return
    rng = district.stream("births", start)
    now = np.sort(np.concatenate([now, now[chance(rng, 0.01, len(now))]]))
    people, mother, birth, size = district.people, due["mother"][now], due["day"][now], len(now)
    female = chance(rng, 0.485, size).astype(np.int64)
    russian = people.russian[mother]
    kk, ru = names.kazakh(), names.russian()
    girls, boys = np.where(russian, len(ru.women), len(kk.women)), np.where(russian, len(ru.men), len(kk.men))
    moved = people.moved[mother]
    first = len(people)
    who = people.append(
        size,
        id=district.rows.base + first + 1 + np.arange(size),
        female=female,
        birth=birth,
        joined=birth,
        mother=mother,
        death=pyramid.draw_infant_deaths(rng, birth, female),
        left=people.left[mother],
        moved=np.where(moved > birth, moved, FAR),
        place=people.place_on(mother, birth),
        next_place=people.next_place[mother],
        household=people.household[mother],
        russian=russian,
        surname=people.surname[mother],
        given=(rng.random(size) * np.where(female == 1, girls, boys)).astype(np.int64),
        father_name=(rng.random(size) * boys).astype(np.int64),
        russian_patronymic=russian,
    )
    district.grow()
    add_patients(district.rows, people, who, district.places, district.series, newborn=True)
    at = np.maximum(due["at"][now], moment(birth))
    outside = due["outside"][now] == 1
    weight = np.round(np.clip(rng.normal(3400, 450, size) - np.maximum(259 - due["length"][now], 0) * 26, 500, 5600))
    district.facts(
        "observation",
        who,
        at,
        code="8339-4",
        value_number=weight,
        unit="g",
        evidence="measured",
        known_at=at + 120,
        organization_id=np.where(outside, district.external.organization["perinatal"], district.places.hospital),
        practitioner_id=None,
        source=Coded(outside.astype(np.int64), ("screen", "registry")),
    )
    _patronage(district, rng, who, birth)


def _patronage(district: District, rng: np.random.Generator, who: Ints, birth: Ints) -> None:
    """Home visits to the newborn: within three days of coming home, then monthly in the first year."""
    for age in (5, 12, 28, 60, 95, 125, 185, 270):
        days = birth + age + rng.integers(0, 4, len(who))
        seen = np.flatnonzero(chance(rng, 0.86, len(who)) & district.people.here(who, days))
        at = moment(days[seen], office_minute(rng, len(seen)))
        place = district.people.place_on(who[seen], days[seen])
        visit = district.visits(
            rng,
            who[seen],
            at,
            "Z00.1",
            encounter_class="home",
            purpose="patronage",
            practitioner_id=district.places.nurse[place],
        )
        grams = np.round(np.clip(3300 + age * 24 + rng.normal(0, 400, len(seen)), 1500, 14000)) / 1000
        district.facts(
            "observation", who[seen], at, encounter_id=visit, code="29463-7", value_number=np.round(grams, 2), unit="kg"
        )
