"""How late the facts of other facilities arrive."""

from __future__ import annotations

import numpy as np

from ingestion.bulk.region.calibration import figure
from ingestion.bulk.region.days import Ints


def lag(rng: np.random.Generator, size: int) -> Ints:
    """Minutes until a registry passes a fact on: hours for most, days for some."""
    hours = figure("hospital.registry_lag_hours_median") * np.exp(rng.normal(0, 0.9, size))
    return (np.clip(hours, 1, 24 * 9) * 60).astype(np.int64)


def short_lag(rng: np.random.Generator, size: int) -> Ints:
    """Minutes until an ambulance card or an admission abroad is seen: the same day for most."""
    return (np.clip(rng.exponential(5, size), 0.2, 40) * 60).astype(np.int64)
