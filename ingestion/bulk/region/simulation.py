"""The history of one district, block of days by block of days."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from ingestion.bulk.region import (
    ambulatory,
    antenatal,
    births,
    families,
    hospital,
    immunisation,
    mortality,
    places,
    pregnancy,
    records,
    register,
    screening,
    vascular,
)
from ingestion.bulk.region.days import NULL
from ingestion.bulk.region.district import District
from ingestion.bulk.region.families import Span
from ingestion.bulk.region.identity import IinSeries
from ingestion.bulk.region.places import External
from ingestion.bulk.region.population import People
from ingestion.bulk.region.rows import Rows
from ingestion.bulk.region.staff import Staff

BLOCK_DAYS = 30
_BURN_IN_BLOCKS = 10
"""Pregnancies of the blocks before the history fill the first months of it."""
_BLOCKS_PER_FLUSH = 6

Batch = dict[str, pl.DataFrame]


def found(
    number: int, districts: int, people: int, seed: int, span: Span, external: External | None, since: int = NULL
) -> District:
    """A district on its first day: organisations, staff and people; rows known by ``since`` are left out."""
    rows = Rows(number, since)
    series = IinSeries(number, districts)
    staff = Staff(rows, seed, number, series)
    if external is None:
        external = places.build_external(rows, staff)
    built = places.build_district(rows, staff, number, people)
    district = District(number, seed, span, rows, built, external, staff, People(), series)
    families.settle(district.stream("people"), district.people, people, built.weights, span)
    district.people.id += rows.base
    district.grow()
    return district


def history(district: District, until: int, by_hand: Callable[[District], object]) -> Iterator[Batch]:
    """Yield the rows of a district up to and a little beyond a day.

    ``by_hand`` adds the people whose stories are written, before chance begins.
    """
    by_hand(district)
    register.draw_onsets(district)
    records.add_patients(
        district.rows, district.people, np.arange(len(district.people)), district.places, district.series
    )
    start = district.span.start
    register.open_cards(district, 0, start)
    for number in screening.years_listed(start - 410, start):
        screening.simulate(district, number)
    for block in range(-_BURN_IN_BLOCKS, 0):
        _pregnancies(district, block, start)
    # One block more than asked: bookings and plans that lie ahead are part of the present.
    blocks = (until - start) // BLOCK_DAYS + 2
    for block in range(blocks):
        first = start + block * BLOCK_DAYS
        last = first + BLOCK_DAYS
        births.arrive(district, first, last)
        _pregnancies(district, block, start)
        vascular.simulate(district, block, first, last)
        mortality.simulate(district, block, first, last)
        ambulatory.simulate(district, block, first, last)
        register.simulate(district, block, first, last)
        hospital.simulate(district, block, first, last)
        immunisation.simulate(district, block, first, last)
        for number in screening.years_listed(first, last):
            screening.simulate(district, number)
        if block % _BLOCKS_PER_FLUSH == _BLOCKS_PER_FLUSH - 1:
            yield district.rows.take()
    records.add_attachments(district.rows, district.people, district.places, district.known_dead)
    yield district.rows.take()


def batches(start: int, until: int) -> int:
    """How many batches ``history`` yields."""
    return ((until - start) // BLOCK_DAYS + 2) // _BLOCKS_PER_FLUSH + 1


def _pregnancies(district: District, block: int, start: int) -> None:
    first = start + block * BLOCK_DAYS
    made = pregnancy.simulate(district, block, first, first + BLOCK_DAYS)
    antenatal.simulate(district, block, made)
    births.deliver(district, block, made)
