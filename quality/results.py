"""Results of checks as rows of the lake table `quality_result`, which the warehouse and the dashboards read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from quality.titles import KINDS
from warehouse.lake import Lake, Manifest, Part, PartWriter, schema_of, stamp

TABLE = "quality_result"
WAITING = "waiting"
"""Severity of what stands in quarantine now; the same rule over the rows of one run has its own."""
COLUMNS = {
    "run_id": "text",
    "run_at": "timestamptz",
    "engine": "text",
    "dataset": "text",
    "check_name": "text",
    "kind": "text",
    "severity": "text",
    "title_kk": "text",
    "title_ru": "text",
    "title_en": "text",
    "failed": "bigint",
    "total": "bigint",
    "threshold": "float8",
    "status": "text",
    "extracted_at": "timestamptz",
}


@dataclass(frozen=True)
class Result:
    """How many rows of a dataset failed one check in one run."""

    dataset: str
    check_name: str
    kind: str
    severity: str
    failed: int
    total: int
    threshold: float
    """Share of failing rows that is still normal."""

    @property
    def status(self) -> str:
        """`passed`; `warned` while the share of failures is normal; `failed` above it."""
        if self.failed == 0:
            return "passed"
        return "warned" if self.failed <= self.threshold * self.total else "failed"


def store(lake: Lake, results: Sequence[Result], engine: str, run_at: dt.datetime) -> None:
    """Append the results of one run."""
    manifest = lake.manifest(TABLE) or Manifest(TABLE, "run_id", COLUMNS, epoch=stamp(run_at))
    part = f"part-{stamp(run_at)}.parquet"
    if results:
        with PartWriter(lake.table(TABLE) / part, schema_of(COLUMNS)) as writer:
            writer.write(_table(results, engine, run_at))
        manifest = manifest.changed(files=(*manifest.files, Part(part, len(results), run_at.isoformat(), engine)))
    lake.commit(manifest.changed(columns=COLUMNS, extracted_at=run_at.isoformat()))
    lake.settle(TABLE)


def _table(results: Sequence[Result], engine: str, run_at: dt.datetime) -> pa.Table:
    rows = [
        {
            **asdict(result),
            **KINDS[result.kind],
            "status": result.status,
            "engine": engine,
            "run_id": stamp(run_at),
            "run_at": run_at,
            "extracted_at": run_at,
        }
        for result in results
    ]
    return pa.Table.from_pylist(rows, schema=schema_of(COLUMNS))
