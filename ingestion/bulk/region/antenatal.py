"""The planned visits of a pregnancy: kept, late, missed; and stays on the way."""

from __future__ import annotations

import numpy as np

from ingestion.bulk.region import registry
from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import FAR, NULL, Ints, moment, workday
from ingestion.bulk.region.district import District
from ingestion.bulk.region.draws import any_minute, chance, choose, office_minute
from ingestion.bulk.region.hospital import stay
from ingestion.bulk.region.pregnancy import Pregnancies, site_of
from ingestion.bulk.region.rows import Coded

STEPS = tuple(f"visit_{number}" for number in range(1, 11))
_COMPLICATIONS = ("", "O99.0", "O24.4", "O13", "O14.0")
_COMPLICATION_WEIGHTS = (64, 24, 5, 4, 3)
_ONSET_WEEKS = (0, 14, 25, 24, 28)


def simulate(district: District, block: int, made: Pregnancies) -> None:
    """Everything between registration and outcome for a batch of pregnancies."""
    rng = district.stream("antenatal", block)
    complication = choose(rng, _COMPLICATION_WEIGHTS, len(made.who))
    on = np.flatnonzero(made.registered < FAR)
    visit, index, planned = _plan(rng, made, on)
    done = _keep(district, rng, made, visit, index, planned)
    encounter = _visits(district, rng, made, visit, index, done, complication)
    _activities(district, made, visit, index, planned, done, encounter)
    _stays(district, rng, made, on, complication)


def _plan(rng: np.random.Generator, made: Pregnancies, on: Ints) -> tuple[Ints, Ints, Ints]:
    """Number of the visit, pregnancy and planned day, for every planned visit."""
    weeks = np.array(figure("pregnancy.visit_weeks"))
    days = made.lmp[on][:, None] + weeks * 7 + rng.integers(-3, 4, (len(on), len(weeks)))
    days = workday(days)
    registered = made.registered[on][:, None]
    wanted = days > registered + 7
    # The day of registration is the first visit, whatever the week.
    days[:, 0], wanted[:, 0] = made.registered[on], True
    row, visit = np.nonzero(wanted)
    return visit, on[row], days[row, visit]


def _keep(
    district: District, rng: np.random.Generator, made: Pregnancies, visit: Ints, index: Ints, planned: Ints
) -> Ints:
    """Day each visit took place, ``FAR`` where it did not."""
    size = len(visit)
    luck = rng.random(size)
    missed, late = figure("pregnancy.missed_visit_share"), figure("pregnancy.late_visit_share")
    day = planned + np.where(luck < missed + late, rng.integers(4, 11, size), rng.integers(-1, 3, size))
    day = workday(np.maximum(day, made.registered[index] + 1))
    day = np.where(visit == 0, made.registered[index], day)
    kept = (visit == 0) | (luck >= missed)
    kept &= (day < made.outcome_day[index]) & district.people.here(made.who[index], day)
    return np.where(kept, day, FAR)


def _visits(
    district: District,
    rng: np.random.Generator,
    made: Pregnancies,
    visit: Ints,
    index: Ints,
    done: Ints,
    complication: Ints,
) -> Ints:
    kept = np.flatnonzero(done < FAR)
    chosen, days, number = index[kept], done[kept], visit[kept]
    size, who = len(kept), made.who[chosen]
    place = made.serving[chosen]
    first = office_minute(rng, size)
    at = moment(days, first)
    week = (days - made.lmp[chosen]) // 7
    found = complication[chosen]
    ill = (found > 0) & (week >= np.array(_ONSET_WEEKS)[found])
    labels = ("Z34.0", "Z34.8", "Z35.9", *_COMPLICATIONS[1:])
    normal = np.where(made.risk[chosen] == 2, 2, district.people.age(who, days) >= 24)
    encounter = district.visits(
        rng,
        who,
        at,
        Coded(np.where(ill, found + 2, normal), labels),
        purpose="pregnancy",
        encounter_class=Coded(chance(rng, 0.05, size).astype(np.int64), ("ambulatory", "home")),
        organization_id=district.places.organization[place],
        site_id=site_of(district, place),
        practitioner_id=np.where(number % 3 == 1, district.places.midwife[place], district.places.obstetrician[place]),
    )
    owner = {
        "organization_id": district.places.organization[place],
        "practitioner_id": district.places.obstetrician[place],
    }
    pressure = np.clip(rng.normal(112, 8, size) + np.where(ill & (found >= 3), 34, 0), 84, 178)
    district.pressure(rng, who, at, encounter, pressure, **owner)
    weight = np.round(np.clip(rng.normal(61, 9, size) + week * 0.3, 42, 130), 1)
    for code, value, unit in (("29463-7", weight, "kg"), ("18185-9", week.astype(float), "wk")):
        district.facts(
            "observation", who, at, encounter_id=encounter, code=code, value_number=value, unit=unit, **owner
        )
    district.facts(
        "procedure",
        who,
        at,
        encounter_id=encounter,
        programme=None,
        code=Coded((number > 0).astype(np.int64), ("L03.001.000", "L03.002.000")),
        **owner,
    )
    imaged = np.flatnonzero(np.isin(number, (0, 2, 4)) & chance(rng, 0.93, size))
    district.facts(
        "procedure",
        who[imaged],
        at[imaged] + 40,
        encounter_id=encounter[imaged],
        evidence="measured",
        source="device",
        code=Coded((number[imaged] > 0).astype(np.int64), ("C03.031.004", "C03.032.004")),
        known_at=at[imaged] + 60,
        organization_id=owner["organization_id"][imaged],
        practitioner_id=owner["practitioner_id"][imaged],
    )
    iron = np.flatnonzero(ill & (found == 1) & chance(rng, 0.5, size))
    district.facts(
        "medication_request",
        who[iron],
        at[iron],
        encounter_id=encounter[iron],
        code="B03AA07",
        is_free=True,
        end_date=days[iron] + 60,
        **{name: value[iron] for name, value in owner.items()},
    )
    all_encounters = np.full(len(index), NULL)
    all_encounters[kept] = encounter
    return all_encounters


def _activities(
    district: District, made: Pregnancies, visit: Ints, index: Ints, planned: Ints, done: Ints, encounter: Ints
) -> None:
    """The plan as rows: each step done, or cancelled by the end of the pregnancy."""
    kept = done < FAR
    who, place = made.who[index], made.serving[index]
    registered = moment(made.registered[index], 1100)
    last = np.minimum(district.people.left[who], district.people.death[who])
    moved = last <= made.outcome_day[index]
    ended = np.where(moved, moment(last, 700), made.outcome_known[index])
    district.facts(
        "care_plan_activity",
        who,
        moment(made.registered[index], 1080),
        programme="pregnancy",
        step=Coded(visit, STEPS),
        episode_id=made.episode[index],
        planned_date=planned,
        known_at=registered,
        status=Coded(np.where(kept, 0, 1), ("done", "cancelled")),
        encounter_id=encounter,
        cancel_reason=Coded(np.where(kept, -1, moved), ("outcome", "moved")),
        site_id=site_of(district, place),
        organization_id=district.places.organization[place],
        practitioner_id=district.places.midwife[place],
        late=np.where(
            kept, np.maximum(moment(np.minimum(done, FAR - 1), 1105), registered), np.maximum(ended, registered)
        ),
    )


def _stays(district: District, rng: np.random.Generator, made: Pregnancies, on: Ints, complication: Ints) -> None:
    """One pregnancy in eight goes through a ward before the birth."""
    chosen = on[chance(rng, np.where(complication[on] >= 3, 0.7, 0.09), len(on))]
    room = made.outcome_day[chosen] - made.registered[chosen] - 14
    chosen, room = chosen[room > 0], room[room > 0]
    size, who = len(chosen), made.who[chosen]
    days = made.registered[chosen] + 2 + (rng.random(size) * room).astype(np.int64)
    here = district.people.here(who, days + 10)
    chosen, who, days, size = chosen[here], who[here], days[here], int(here.sum())
    week = (days - made.lmp[chosen]) // 7
    labels = ("O20.0", "O47", "O13", "O14.0", "O99.0")
    late = np.where(complication[chosen] >= 3, complication[chosen] - 1, np.where(complication[chosen] == 1, 4, 1))
    at = moment(days, any_minute(rng, size))
    ended = moment(days + rng.integers(3, 8, size), rng.integers(600, 900, size))
    outside = made.risk[chosen] == 2
    known = at + np.where(outside, registry.short_lag(rng, size), 0)
    ward = district.places.departments["maternity"]
    facility = district.external.organization["perinatal"]
    stay(
        district,
        rng,
        who,
        at,
        Coded(np.where(week < 21, 0, late), labels),
        ended=ended,
        known=known,
        discharge_known=np.maximum(known, ended + np.where(outside, registry.lag(rng, size), 0)),
        organization_id=np.where(outside, facility, district.places.hospital),
        department_id=np.where(outside, facility, ward),
        practitioner_id=np.where(
            outside, district.external.practitioner["perinatal"], district.staff.ward_doctor("maternity", ward)
        ),
        source=Coded(outside.astype(np.int64), ("screen", "registry")),
    )
