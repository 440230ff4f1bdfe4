"""Draws the people of a district as families: who lives together and after whom each is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.bulk.region import names, pyramid
from ingestion.bulk.region.calibration import content, figure
from ingestion.bulk.region.days import FAR, Ints, year
from ingestion.bulk.region.draws import chance, choose
from ingestion.bulk.region.population import People

_YEAR = 365.25


@dataclass(frozen=True)
class Span:
    """The days a district is simulated over."""

    start: int
    """First day of the history."""
    origin: int
    """The demo day, from which the dates of the stories count."""


def settle(rng: np.random.Generator, people: People, count: int, weights: np.ndarray, span: Span) -> None:
    """Fill a district with ``count`` people alive on the first day."""
    this_year = int(year(span.start))
    female = (rng.random(count) < pyramid.women_share(this_year)).astype(np.int64)
    birth = pyramid.draw_ages(rng, female, span.start, this_year)
    household, mother, father = _households(rng, female, (span.start - birth) / _YEAR)
    _, household = np.unique(household, return_inverse=True)
    homes = int(household.max()) + 1 if count else 0
    place = choose(rng, weights, homes)[household]
    russian = (rng.random(homes) < content("names")["russian_household_share"]).astype(np.int64)[household]
    surname, given, father_name = _names(rng, female, household, russian, mother, father)
    joined, left, moved, next_place = _movement(rng, household, place, weights, span)
    older = (span.start - birth) / _YEAR > 33
    people.append(
        count,
        id=np.arange(1, count + 1),
        female=female,
        birth=birth,
        household=household,
        death=pyramid.draw_deaths(rng, female, birth, span.start),
        mother=mother,
        place=place,
        next_place=next_place,
        joined=joined,
        left=left,
        moved=moved,
        russian=russian,
        surname=surname,
        given=given,
        father_name=father_name,
        # Most older documents bear -ович; the young bear -ұлы and -қызы more often than not.
        russian_patronymic=((rng.random(count) < np.where(older, 0.8, 0.35)) | (russian == 1)).astype(np.int64),
    )


def _households(rng: np.random.Generator, female: Ints, age: np.ndarray) -> tuple[Ints, Ints, Ints]:
    """Household, mother and father of each, positions or −1."""
    count = len(female)
    household, mother, father = np.arange(count), np.full(count, -1), np.full(count, -1)
    partner = _partners(rng, female, age)
    wives = np.flatnonzero((female == 1) & (partner >= 0))
    household[partner[wives]] = wives
    young = np.flatnonzero((age < 18) | ((age < 24) & (partner < 0) & (rng.random(count) < 0.6)))
    mothers = _mothers(rng, female, age, partner, young)
    mother[young], father[young] = mothers, np.where(mothers >= 0, partner[mothers], -1)
    household[young] = np.where(mothers >= 0, mothers, household[young])
    alone = np.flatnonzero((age >= 24) & (partner < 0) & ~np.isin(np.arange(count), mothers))
    joining = alone[rng.random(len(alone)) < 0.6]
    if wives.size and joining.size:
        # Grandparents and unmarried kin live with a family.
        household[joining] = household[wives[rng.integers(0, wives.size, joining.size)]]
    return household, mother, father


def _partners(rng: np.random.Generator, female: Ints, age: np.ndarray) -> Ints:
    partner = np.full(len(female), -1)
    wanting = rng.random(len(female)) < np.interp(age, [18, 20, 26, 60, 75, 90], [0.05, 0.2, 0.75, 0.78, 0.5, 0.2])
    women = np.flatnonzero((female == 1) & (age >= 18) & wanting)
    men = np.flatnonzero((female == 0) & (age >= 20) & wanting)
    pairs = min(len(women), len(men))
    women = np.sort(rng.permutation(women)[:pairs])
    men = np.sort(rng.permutation(men)[:pairs])
    women = women[np.argsort(age[women] + rng.normal(0, 1.5, pairs))]
    men = men[np.argsort(age[men])]
    partner[women], partner[men] = men, women
    return partner


def _mothers(rng: np.random.Generator, female: Ints, age: np.ndarray, partner: Ints, young: Ints) -> Ints:
    """A woman of fitting age for each child; a married one for most."""
    able = np.flatnonzero((female == 1) & (age >= 18) & ((partner >= 0) | (rng.random(len(female)) < 0.12)))
    if able.size == 0:
        return np.full(len(young), -1)
    able = able[np.argsort(age[able])]
    wanted = age[young] + np.clip(rng.normal(28, 5.5, len(young)), 18, 44)
    spread = max(3, len(able) // 200)
    near = np.searchsorted(age[able], wanted) + rng.integers(-spread, spread + 1, len(young))
    chosen = able[np.clip(near, 0, len(able) - 1)]
    return np.where(age[chosen] - age[young] >= 16, chosen, -1)


def _names(
    rng: np.random.Generator, female: Ints, household: Ints, russian: Ints, mother: Ints, father: Ints
) -> tuple[Ints, Ints, Ints]:
    count, (kk, ru) = len(female), (names.kazakh(), names.russian())
    homes = int(household.max()) + 1 if count else 0

    def draw(kk_size: int, ru_size: int, size: int, is_russian: Ints) -> Ints:
        return (rng.random(size) * np.where(is_russian == 1, ru_size, kk_size)).astype(np.int64)

    home_russian = np.zeros(homes, dtype=np.int64)
    home_russian[household] = russian
    family = draw(len(kk.surnames_male), len(ru.surnames_male), homes, home_russian)[household]
    own = draw(len(kk.surnames_male), len(ru.surnames_male), count, russian)
    # A third of those who are nobody's child in the house came with their own surname.
    surname = np.where((mother < 0) & (female == 1) & chance(rng, 0.3, count), own, family)
    given = np.where(
        female == 1, draw(len(kk.women), len(ru.women), count, russian), draw(len(kk.men), len(ru.men), count, russian)
    )
    father_name = draw(len(kk.men), len(ru.men), count, russian)
    father_name = np.where((father >= 0) & (russian[father] == russian), given[father], father_name)
    return surname, given, father_name


def _movement(
    rng: np.random.Generator, household: Ints, place: Ints, weights: np.ndarray, span: Span
) -> tuple[Ints, Ints, Ints, Ints]:
    """Households that come, go and move within the history; nobody plans to move after it."""
    count, homes = len(household), int(household.max()) + 1 if len(household) else 0
    days = max(span.origin - span.start, 1)

    def when(name: str) -> Ints:
        rate = figure(f"population.{name}") / 1000 / 365
        day = span.start + 30 + rng.exponential(1 / rate, homes).astype(np.int64)
        return np.where(day < span.origin - 40, day, FAR)

    arrival = np.where(
        chance(rng, figure("population.moves_in_per_1000") / 1000 * days / 365, homes),
        span.start + rng.integers(10, max(days - 40, 11), homes),
        span.start - 3000,
    )
    arrival = np.where(arrival < span.start, span.start - rng.integers(400, 5000, homes), arrival)
    left, moved = when("moves_out_per_1000"), when("moves_within_per_1000")
    target = choose(rng, weights, homes)
    joined = arrival[household]
    left = np.where(left[household] > joined + 60, left[household], FAR)
    moved = np.where((moved[household] > joined + 60) & (target[household] != place), moved[household], FAR)
    moved = np.where(moved < left, moved, FAR)
    return joined, left, moved, np.where(moved < FAR, target[household], place)[:count]
