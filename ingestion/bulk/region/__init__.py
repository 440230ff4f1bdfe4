"""The synthetic region: a Kazakh district, or several, with plausible people and care, the same for the same seed."""

from ingestion.bulk.region.making import continue_to_now, load

__all__ = ["continue_to_now", "load"]
