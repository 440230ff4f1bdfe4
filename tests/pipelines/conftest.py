"""A pipeline of its own for each test: a fresh database clone and an empty data directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.lib.places import Places
from pipelines.run import Summary, run_in
from tests.installation import Database, Installation
from tests.pipelines.rows import write_district

PROJECT = Path(__file__).parent / "project"


def places_of(home: Path, database: Database) -> Places:
    """The places of a test: its own home, its own operational database, the shared warehouse database."""
    home.mkdir(parents=True, exist_ok=True)
    return Places(
        home=home,
        gate_url=database.libpq("pipeline"),
        egress_url=database.libpq("egress"),
        warehouse_url=database.settings.libpq_url("pipeline", "saulyq_warehouse"),
    )


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Places:
    """An installation without a record."""
    return places_of(tmp_path / "home", database)


@pytest.fixture
def patients(database: Database) -> list[int]:
    """The hand-made district in the test's database; the patients' ids."""
    return write_district(database.libpq("owner"))


@pytest.fixture(scope="session")
def built(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Places, Database, Summary]]:
    """The district, carried through every hop once; shared by all because dbt takes seconds."""
    database = installation.new_database()
    write_district(database.libpq("owner"))
    site = places_of(tmp_path_factory.mktemp("built"), database)
    yield site, database, run_in(site, full=True, project=PROJECT)
    database.close()
