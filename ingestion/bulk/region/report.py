"""What making a region did."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class RegionReport:
    """Rows written by table, the moment the district stands at and how long it took."""

    until: dt.datetime
    rows: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    planted: int = 0
    accounts_file: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """The document the command line prints; every row made is loaded."""
        return {
            "entities": {
                _plural(table): {"read": count, "loaded": count, "rejected": 0, "unchanged": 0}
                for table, count in sorted(self.rows.items())
            },
            "until": self.until.isoformat(),
            "seconds": round(self.seconds, 1),
            "planted": self.planted,
            "accounts_file": str(self.accounts_file) if self.accounts_file else None,
        }


def _plural(table: str) -> str:
    if table == "episode_of_care":
        return "episodes_of_care"
    return table[:-1] + "ies" if table.endswith("y") else table + "s"
