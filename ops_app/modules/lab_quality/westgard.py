"""Westgard's rules over z-scores, as pure functions.

A z-score is (value − target) / SD. ``history`` holds the runs of one control lot, oldest first, the
judged run last; ``companions`` are the newest z-scores of the other levels measured in the same series.
Source: Westgard JO et al., Clin Chem 1981;27:493–501.
"""

from __future__ import annotations

from collections.abc import Sequence

WARNING = "1-2s"
RULES = ("1-3s", "2-2s", "R-4s", "4-1s", "10-x")
"""Rules that reject, in the order they are named."""


def z_score(value: float, mean: float, sd: float) -> float:
    """How many standard deviations a value lies from its target."""
    return (value - mean) / sd


def broken_rules(history: Sequence[float], companions: Sequence[float] = ()) -> list[str]:
    """Rules that the last run breaks; only ``1-2s`` means a warning, an empty list that all is well."""
    if not history:
        return []
    judged = history[-1]
    found = [
        name
        for name, breaks in (
            ("1-3s", abs(judged) > 3),
            ("2-2s", _two_beyond(history, 2) or any(_same_side_beyond(judged, other, 2) for other in companions)),
            ("R-4s", any(_opposite_beyond(judged, other, 2) for other in companions)),
            ("4-1s", _on_one_side(history, 4, 1)),
            ("10-x", _on_one_side(history, 10, 0)),
        )
        if breaks
    ]
    if not found and abs(judged) > 2:
        return [WARNING]
    return found


def rejects(rules: Sequence[str]) -> bool:
    """Whether these rules reject the run, not only warn."""
    return any(rule != WARNING for rule in rules)


def _two_beyond(history: Sequence[float], limit: float) -> bool:
    return len(history) > 1 and _same_side_beyond(history[-1], history[-2], limit)


def _same_side_beyond(one: float, other: float, limit: float) -> bool:
    return (one > limit and other > limit) or (one < -limit and other < -limit)


def _opposite_beyond(one: float, other: float, limit: float) -> bool:
    return (one > limit and other < -limit) or (one < -limit and other > limit)


def _on_one_side(history: Sequence[float], number: int, limit: float) -> bool:
    last = history[-number:]
    return len(last) == number and (all(z > limit for z in last) or all(z < -limit for z in last))
