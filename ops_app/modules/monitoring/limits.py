"""Limits of one quantity, and what a value is against them; pure."""

from __future__ import annotations

from enum import StrEnum

from pydantic import model_validator

from ops_app.kit.declared import Declared


class Level(StrEnum):
    """What a value is."""

    NORMAL = "normal"
    LIMIT = "limit"
    CRITICAL = "critical"


class Limits(Declared):
    """What is normal and what is critical; an end left open is no limit."""

    low: float | None = None
    high: float | None = None
    critical_low: float | None = None
    critical_high: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Limits:
        known = [end for end in (self.critical_low, self.low, self.high, self.critical_high) if end is not None]
        if known != sorted(known):
            raise ValueError("limits are out of order")
        return self

    def judge(self, value: float) -> Level:
        """Normal, outside the limits, or critical."""
        if self._beyond(value, self.critical_low, self.critical_high) > 0:
            return Level.CRITICAL
        if self._beyond(value, self.low, self.high) > 0:
            return Level.LIMIT
        return Level.NORMAL

    def deviation(self, value: float) -> float:
        """How far outside its limits a value lies; 0 inside."""
        low = self.low if self.low is not None else self.critical_low
        high = self.high if self.high is not None else self.critical_high
        return self._beyond(value, low, high)

    def is_back(self, value: float, hysteresis: float) -> bool:
        """Whether a value lies so far inside that a deviation is over."""
        low = self.low if self.low is not None else self.critical_low
        high = self.high if self.high is not None else self.critical_high
        margin = hysteresis
        if low is not None and high is not None:
            # in a narrow range the middle is always inside
            margin = min(hysteresis, (high - low) / 2)
        inner_low = None if low is None else low + margin
        inner_high = None if high is None else high - margin
        return self._beyond(value, inner_low, inner_high) == 0

    def crossed(self, value: float) -> float | None:
        """The limit a value lies beyond: the critical one where it is critical."""
        for low, high in ((self.critical_low, self.critical_high), (self.low, self.high)):
            if low is not None and value < low:
                return low
            if high is not None and value > high:
                return high
        return None

    @staticmethod
    def _beyond(value: float, low: float | None, high: float | None) -> float:
        if low is not None and value < low:
            return low - value
        if high is not None and value > high:
            return value - high
        return 0.0
