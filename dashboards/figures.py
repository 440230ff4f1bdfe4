"""Numbers as people read them: intervals, limits, Kazakh decimal comma."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Almaty")
Z95 = 1.959964
Z998 = 3.090232
"""Funnel limits of 99.8 %, as in Spiegelhalter, Statistics in Medicine 2005, 24:1185."""


def wilson(numerator: int, denominator: int, z: float = Z95) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927), as fractions; (0, 1) where nothing is known."""
    if denominator <= 0:
        return 0.0, 1.0
    p = numerator / denominator
    spread = z * z / denominator
    centre = (p + spread / 2) / (1 + spread)
    half = z * math.sqrt(p * (1 - p) / denominator + spread / (4 * denominator)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def is_outside(numerator: int, denominator: int, overall: float) -> bool:
    """Whether a unit lies outside the funnel: its 99.8 % interval does not hold the overall share."""
    low, high = wilson(numerator, denominator, Z998)
    return denominator > 0 and not low <= overall <= high


def number(value: float | None, digits: int = 0) -> str:
    """Thin-space thousands and a decimal comma; a dash where there is no data."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}".replace(",", "\u2009").replace(".", ",")


def percent(numerator: int, denominator: int) -> str:
    """A share with one decimal, or a dash."""
    return f"{number(100 * numerator / denominator, 1)}\u00a0%" if denominator else "–"


def month(period: str) -> str:
    """``2026-11`` as people write it."""
    return f"{period[5:]}.{period[:4]}"


def moment(value: dt.datetime | None) -> str:
    """Local date and time."""
    if value is None:
        return "–"
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return aware.astimezone(LOCAL).strftime("%d.%m.%Y %H:%M")


def deadline(value: dt.datetime | None) -> str:
    """Local date and time; a deadline at midnight is the end of the day before."""
    if value is None:
        return "–"
    local = (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(LOCAL)
    if (local.hour, local.minute) == (0, 0):
        return (local - dt.timedelta(days=1)).strftime("%d.%m.%Y")
    return local.strftime("%d.%m.%Y %H:%M")
