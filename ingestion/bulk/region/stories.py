"""The stories of the demo district: named people whose dates count back from the demo day."""

from __future__ import annotations

from ingestion.bulk.region.district import District


def add(district: District) -> None:
    """Bring the people of the stories into the district."""
