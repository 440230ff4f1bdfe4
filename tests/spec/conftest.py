"""One small district, loaded and built once with the commands a user types."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, make_installation, remove_installation

PEOPLE, YEARS, SEED = 3_000, 2, 11


@dataclass
class District:
    """An installation with a synthetic district in it, and what was planted there."""

    installation: Installation
    planted: list[dict[str, Any]]
    built: dict[str, Any]

    def ask(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return its one document."""
        return json.loads(self.installation.run(*arguments, "--json", timeout=900).stdout)

    @property
    def served(self) -> str:
        """The file that is served now."""
        folder = self.installation.home / "warehouse"
        return str(folder / (folder / "current").read_text().strip())

    @contextmanager
    def warehouse(self) -> Iterator[None]:
        """Make this installation's warehouse the one `warehouse.query` reads in this process."""
        before = os.environ.get("SAULYQ_HOME")
        os.environ["SAULYQ_HOME"] = str(self.installation.home)
        try:
            yield
        finally:
            if before is None:
                del os.environ["SAULYQ_HOME"]
            else:
                os.environ["SAULYQ_HOME"] = before


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    """Load a region, keep what was planted, and run the pipeline in full."""
    made = make_installation()
    planted_file = Path(tmp_path_factory.mktemp("planted")) / "planted.jsonl"
    size = ("--people", str(PEOPLE), "--years", str(YEARS), "--seed", str(SEED))
    try:
        made.run("db", "start")
        made.run("load", "region", *size, "--planted", str(planted_file), timeout=900)
        built = made.run("pipeline", "run", "--full", "--json", timeout=900)
        yield District(
            made,
            [json.loads(line) for line in planted_file.read_text(encoding="utf-8").splitlines()],
            json.loads(built.stdout),
        )
    finally:
        remove_installation(made)
