"""An installation that lives as long as one benchmark: its own home and ports, driven by the `saulyq` command."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from saulyq import postgres
from saulyq.settings import Settings, settings

ROOT = Path(__file__).resolve().parent.parent
PORTS = 13
SEED = 1
KEPT_HOME = "SAULYQ_BENCH_HOME"
"""Folder of an installation that is filled already and stays: a region of 1,000,000 takes long to load."""
OUTSIDE = ("SAULYQ_DATABASE_URL", "SAULYQ_SECRETS_DIR", "SAULYQ_MODE", "SAULYQ_POSTGRES_OPTIONS")


@dataclass(frozen=True)
class Installation:
    """A home and what runs in it."""

    settings: Settings

    @property
    def home(self) -> Path:
        """Where everything of this installation is."""
        return self.settings.home

    def saulyq(self, *arguments: str) -> dict[str, object]:
        """Run a command as a user would; its JSON document, its progress on our stderr."""
        result = subprocess.run(
            [sys.executable, "-m", "saulyq.cli", *arguments, "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        if result.returncode != 0:
            sys.exit(f"benchmark: saulyq {' '.join(arguments)} failed")
        document: dict[str, object] = json.loads(result.stdout)
        return document

    def load_region(self, people: int, years: int, until: dt.date | None = None) -> dict[str, object]:
        """Fill the empty installation with the synthetic region; a kept one has it already."""
        if is_kept():
            return {}
        last_day = ["--until", until.isoformat()] if until is not None else []
        return self.saulyq(
            *("load", "region", "--people", str(people), "--years", str(years), "--seed", str(SEED)), *last_day
        )


def is_kept() -> bool:
    """Whether somebody gave an installation that is filled already."""
    return KEPT_HOME in os.environ


@contextmanager
def installation() -> Iterator[Installation]:
    """An empty installation with its database server up; removed afterwards, also after Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    kept = os.environ.get(KEPT_HOME)
    home = Path(kept or tempfile.mkdtemp(prefix="saulyq-bench-"))
    for name in OUTSIDE:
        os.environ.pop(name, None)
    os.environ |= {"SAULYQ_HOME": str(home), "SAULYQ_PORT_BASE": str(_free_ports())}
    settings.cache_clear()
    current = settings()
    try:
        postgres.start(current, keep=True)
        yield Installation(current)
    finally:
        postgres.stop(current)
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def peak_memory_mb() -> int:
    """Memory of the hungriest child so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def _end(_number: int, _frame: object) -> NoReturn:
    sys.exit(143)


def _free_ports() -> int:
    # below the range the system hands out by itself
    for base in random.sample(range(15_000, 31_000, PORTS), 200):
        if all(_is_free(port) for port in range(base, base + PORTS)):
            return base
    sys.exit("benchmark: no free block of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
