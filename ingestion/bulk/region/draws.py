"""Random numbers that depend only on the seed and on what they are for.

Each process draws from its own stream named by its place and month: adding a later month never
changes an earlier one, which is what lets a later day continue the same story.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """The generator of one named stream."""
    keys = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.Generator(np.random.SFC64([seed & 0xFFFFFFFF, *keys]))


def choose(rng: np.random.Generator, weights: Sequence[float] | Floats, size: int) -> NDArray[np.int64]:
    """Draw indexes with these weights."""
    bounds = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(bounds / bounds[-1], rng.random(size), side="right").clip(0, len(bounds) - 1)


def chance(rng: np.random.Generator, probability: float | Floats, size: int) -> NDArray[np.bool_]:
    """Toss a coin of the given probability for each of ``size``."""
    return rng.random(size) < probability


def office_minute(rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    """A minute of the day when a clinic works, in five-minute steps from 8:00 to 18:00, mornings fuller."""
    return 480 + 5 * (rng.beta(1.3, 1.9, size) * 120).astype(np.int64)


def any_minute(rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    """A minute of the day for what cannot be planned; evenings are fuller."""
    return ((rng.beta(2.2, 1.5, size) * 1440).astype(np.int64)).clip(0, 1439)
