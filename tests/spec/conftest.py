"""One small district, loaded and built once with the commands a user types."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
    loaded: dict[str, Any]
    built: dict[str, Any]

    def ask(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return its one document."""
        return json.loads(self.installation.run(*arguments, "--json").stdout)


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    """Load a region, keep what was planted, and run the pipeline in full."""
    made = make_installation()
    planted_file = Path(tmp_path_factory.mktemp("planted")) / "planted.jsonl"
    try:
        made.run("db", "start")
        loaded = made.run(
            "load", "region", "--people", str(PEOPLE), "--years", str(YEARS), "--seed", str(SEED),
            "--planted", str(planted_file), "--json",
        )  # fmt: skip
        built = made.run("pipeline", "run", "--full", "--json")
        yield District(
            made,
            [json.loads(line) for line in planted_file.read_text(encoding="utf-8").splitlines()],
            json.loads(loaded.stdout),
            json.loads(built.stdout),
        )
    finally:
        remove_installation(made)
