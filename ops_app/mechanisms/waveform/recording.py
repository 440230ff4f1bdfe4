"""A recording as a screen needs it: leads with a rate and a unit, and windows of it."""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LONGEST_WINDOW = 60
"""Seconds a screen may ask for at once."""
GAP = -32768
"""Stands for a sample that the device did not measure."""

Samples = NDArray[np.float32]


class WaveformError(ValueError):
    """A recording that cannot be read; ``code`` says why, ``about`` names the place."""

    def __init__(self, code: str, about: str = ""):
        self.code, self.about = code, about
        super().__init__(f"{code} {about}".strip())


@dataclass(frozen=True)
class Lead:
    """One signal; NaN where nothing was measured."""

    name: str
    unit: str
    rate: float
    samples: Samples = field(repr=False)


@dataclass(frozen=True)
class Recording:
    """Signals that were recorded together."""

    leads: tuple[Lead, ...]
    started_at: dt.datetime | None = None
    """As the device wrote it, without a zone."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return max((len(lead.samples) / lead.rate for lead in self.leads), default=0.0)

    def window(self, start: float, seconds: float) -> bytes:
        """A part of it for the browser: for each lead a count and a step (float32), then 16-bit samples.

        Everything is little-endian; a sample times its step is the value in the lead's unit.
        """
        seconds = min(max(seconds, 0.0), LONGEST_WINDOW)
        packed = [struct.pack("<I", len(self.leads))]
        for lead in self.leads:
            first = max(0, round(start * lead.rate))
            part = lead.samples[first : first + round(seconds * lead.rate)]
            largest = float(np.nanmax(np.abs(part))) if len(part) and not np.isnan(part).all() else 0.0
            step = largest / 32000 or 1.0
            scaled = np.where(np.isnan(part), GAP, np.round(part / step)).astype("<i2")
            packed += [struct.pack("<If", len(scaled), step), scaled.tobytes(), b"\0" * (len(scaled) % 2 * 2)]
        return b"".join(packed)
