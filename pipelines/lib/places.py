"""Where one run reads and writes: the data directory and the addresses of the databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from saulyq.settings import OPS_DATABASE, WAREHOUSE_DATABASE, settings
from warehouse.lake import Lake

Progress = Callable[[str, int, int], None]
"""Called with a hop's name, steps done and steps in all."""


def silent(hop: str, done: int, total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class Places:
    """One installation as the pipeline sees it."""

    home: Path
    gate_url: str
    """Role saulyq_pipeline in the operational database: schema `anon` and nothing else."""
    egress_url: str
    warehouse_url: str
    """Role saulyq_pipeline in its own database, for the PostgreSQL engine."""

    @property
    def lake(self) -> Lake:
        """The Parquet lake."""
        return Lake(self.home / "lake")

    @property
    def warehouse(self) -> Path:
        """Published warehouse files, the pointer to the served one, and the build in progress."""
        return self.home / "warehouse"

    @property
    def dbt(self) -> Path:
        """Profiles, compiled models and logs of dbt."""
        return self.home / "dbt"


def places() -> Places:
    """The places of the installation this process belongs to."""
    current = settings()
    return Places(
        home=current.home,
        gate_url=current.libpq_url("pipeline", OPS_DATABASE),
        egress_url=current.libpq_url("egress", OPS_DATABASE),
        warehouse_url=current.libpq_url("pipeline", WAREHOUSE_DATABASE),
    )
