"""Where the lake and the served warehouse are, read from the environment; this package imports nothing of ours."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_THRESHOLD = 5


@dataclass(frozen=True)
class WarehouseSettings:
    """Paths and limits of one installation's warehouse."""

    home: Path
    small_cell_threshold: int

    @property
    def lake(self) -> Path:
        """Parquet row versions, one folder a table."""
        return self.home / "lake"

    @property
    def warehouse(self) -> Path:
        """Published warehouse files and the pointer to the served one."""
        return self.home / "warehouse"

    @property
    def pointer(self) -> Path:
        """A text file that holds the name of the served warehouse file."""
        return self.warehouse / "current"

    @property
    def releases(self) -> Path:
        """The log of what was released."""
        return self.home / "releases"


def warehouse_settings() -> WarehouseSettings:
    """Read the environment anew at every call: it is cheap, and tests change it."""
    return WarehouseSettings(
        home=Path(os.environ.get("SAULYQ_HOME") or "var").expanduser().absolute(),
        small_cell_threshold=int(os.environ.get("SAULYQ_SMALL_CELL_THRESHOLD") or DEFAULT_THRESHOLD),
    )
