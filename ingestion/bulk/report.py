"""What a loading did: counts for each entity and the file of rejected rows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from ingestion.bulk.records import ENTITIES
from saulyq.settings import settings


@dataclass
class EntityCount:
    """``read`` = ``loaded`` + ``rejected`` + ``unchanged``."""

    read: int = 0
    loaded: int = 0
    rejected: int = 0
    unchanged: int = 0


@dataclass
class LoadReport:
    """Counts by entity, codes without a mapping, and where the rejected rows are."""

    entities: dict[str, EntityCount] = field(default_factory=lambda: {name: EntityCount() for name in ENTITIES})
    unmapped: Counter[str] = field(default_factory=Counter)
    rejects_file: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """The document the command line prints."""
        return {
            "entities": {name: vars(count) for name, count in self.entities.items()},
            "unmapped_conditions": {"rows": self.unmapped.total(), "codes": dict(sorted(self.unmapped.items()))},
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
        }


def rejects_path(name: str) -> Path:
    """Where the rejected rows of a loading that starts now go."""
    return settings().home / "rejects" / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.jsonl"


class Rejects:
    """Appends rejected rows to a JSON-lines file, which exists only when there is one."""

    def __init__(self, path: Path, report: LoadReport) -> None:
        self._path = path
        self._report = report
        self._stream: TextIO | None = None

    def add(self, entity: str, file: str, line: int, reason: str, counted: bool = True) -> None:
        """Record one row that was not loaded and why."""
        if self._stream is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("w", encoding="utf-8")
            self._report.rejects_file = self._path
        self._report.entities[entity].rejected += counted
        row = {"file": file, "line": line, "entity": entity, "reason": reason}
        self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Finish the file."""
        if self._stream is not None:
            self._stream.close()
