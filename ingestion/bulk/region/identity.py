"""Identification numbers by the public rule, for people and organisations that do not exist."""

from __future__ import annotations

import numpy as np
import polars as pl

from ingestion.bulk.region.days import Ints, year

_FIRST = np.arange(1, 12)
_SECOND = np.array([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2])
_SERIES = 10_000


def _control(eleven: Ints) -> Ints:
    """The control digit of eleven-digit numbers; ten where the number is never issued."""
    digits = eleven[:, None] // 10 ** np.arange(10, -1, -1, dtype=np.int64) % 10
    first = (digits * _FIRST).sum(axis=1) % 11
    second = (digits * _SECOND).sum(axis=1) % 11
    return np.where(first == 10, second, first)


def _padded(numbers: Ints) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(12)


class IinSeries:
    """Issues numbers that never repeat: each district has its own residue of the four-digit series."""

    def __init__(self, district: int, districts: int) -> None:
        self._residue, self._step = district, max(districts, 1)
        self._used: dict[int, int] = {}

    def issue(self, birth: Ints, female: np.ndarray) -> pl.Series:
        """A number for each birth day and sex."""
        born = np.asarray(birth).astype("datetime64[D]")
        months = born.astype("datetime64[M]")
        years = year(birth)
        date = years % 100 * 10_000 + (months.astype(np.int64) % 12 + 1) * 100 + (born - months).astype(np.int64) + 1
        # 3 and 4 mark men and women of the 1900s, 5 and 6 of the 2000s.
        head = date * 10 + np.where(years >= 2000, 5, 3) + female.astype(np.int64)
        numbers = np.zeros(len(head), dtype=np.int64)
        waiting = np.arange(len(head))
        while waiting.size:
            rank = self._next_ranks(head[waiting])
            if rank.max() >= _SERIES // self._step:
                raise ValueError("no number left for a birth day and sex in this district")
            # A different start each day keeps the series from looking like a queue.
            serial = (head[waiting] * 7919 % 9973 + rank * self._step) // self._step * self._step + self._residue
            eleven = head[waiting] * _SERIES + serial % (_SERIES // self._step * self._step)
            control = _control(eleven)
            issued = control < 10
            numbers[waiting[issued]] = (eleven * 10 + control)[issued]
            waiting = waiting[~issued]
        return _padded(numbers)

    def _next_ranks(self, heads: Ints) -> Ints:
        distinct, group, counts = np.unique(heads, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable")
        ranks = np.empty(len(heads), dtype=np.int64)
        ranks[order] = np.arange(len(heads)) - np.repeat(np.cumsum(counts) - counts, counts)
        start = np.array([self._used.get(int(head), 0) for head in distinct], dtype=np.int64)
        self._used.update(zip(distinct.tolist(), (start + counts).tolist(), strict=True))
        return ranks + start[group]


def bin_number(year_month: int, serial: int) -> str:
    """A business number of a resident legal entity, head office."""
    while True:
        eleven = np.array([(year_month * 100 + 40) * 100_000 + serial % 100_000], dtype=np.int64)
        control = int(_control(eleven)[0])
        if control < 10:
            return f"{int(eleven[0]) * 10 + control:012d}"
        serial += 1
