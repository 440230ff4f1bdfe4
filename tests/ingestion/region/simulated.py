"""A district made in memory, as tests count it."""

import datetime as dt

import polars as pl

from ingestion.bulk.region import days, simulation
from ingestion.bulk.region.families import Span
from ingestion.bulk.region.rows import as_of

ORIGIN = dt.date(2026, 9, 30)


def district(
    people: int, years: int, seed: int = 1, until: dt.date = ORIGIN, by_hand: object = None
) -> dict[str, pl.DataFrame]:
    """All rows of one district as they stand at the end of a day."""
    span = Span(days.day(ORIGIN) - 365 * years, days.day(ORIGIN))
    made = simulation.found(0, 1, people, seed, span, None)
    moment = int(days.moment(days.day(until), 1439))
    frames: dict[str, list[pl.DataFrame]] = {}
    for batch in simulation.history(made, days.day(until), by_hand if callable(by_hand) else lambda _: None):
        for table, frame in batch.items():
            frames.setdefault(table, []).append(as_of(table, frame, moment))
    return {table: pl.concat(parts, how="diagonal") for table, parts in frames.items()}
