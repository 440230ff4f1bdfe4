"""Planted cases and traps: what each signal must find, and what it must not."""

from __future__ import annotations

from ingestion.bulk.region.district import District
from ingestion.bulk.region.planted import coronary, maternal, mortal, stroke
from ingestion.bulk.region.planted.case import Case

__all__ = ["Case", "plant"]


def plant(district: District) -> list[Case]:
    """Add the cases and traps to a district."""
    return [
        *coronary.plant(district),
        *stroke.plant_stroke(district),
        *stroke.plant_tia(district),
        *mortal.plant(district),
        *maternal.plant_registration(district),
        *maternal.plant_missed(district),
    ]
