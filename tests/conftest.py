"""Fixtures every area uses: a running installation of its own and cloned databases."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.installation import (
    Database,
    Installation,
    make_installation,
    remove_installation,
    use_installation,
)

FOLDER = Path(__file__).resolve().parent
LONGEST_FIRST = ("spec/", "platform/", "pipelines/", "dbt/", "ops_app/walk/", "ingestion/dicom/")
FULL_SIZE = os.environ.get("SAULYQ_TEST_SIZE") == "full"

# a slow machine is no failure; the small size tries the same examples each time, the full one others each night
hypothesis.settings.register_profile(
    "saulyq", deadline=None, derandomize=not FULL_SIZE, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("saulyq")


# before xdist reads the groups
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, by name, what this machine or this size does not allow."""
    has_browser = any(shutil.which(name) for name in ("chromium", "chromium-browser"))
    for item in items:
        # two processes share the tests by file, because a file shares its database; the district is built once
        file = item.path.relative_to(FOLDER).as_posix()
        item.add_marker(pytest.mark.xdist_group("spec" if file.startswith("spec/") else file))
        if item.get_closest_marker("long") and not FULL_SIZE:
            item.add_marker(pytest.mark.skip(reason="long: run by make test-long"))
        if item.get_closest_marker("browser") and not has_browser:
            item.add_marker(pytest.mark.skip(reason="browser: chromium is not installed"))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Folders with long files begin, so that neither process is left alone with one at the end."""
    file = item.path.relative_to(FOLDER).as_posix()
    return next((turn for turn, folder in enumerate(LONGEST_FIRST) if file.startswith(folder)), len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def full_size() -> bool:
    """Whether `make test-long` asked for full size."""
    return FULL_SIZE


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """An installation with its server up, the one `settings()` describes for the whole session."""
    from saulyq import postgres

    made = make_installation()
    use_installation(made)
    try:
        postgres.start(made.settings, keep=True)
        yield made
    finally:
        remove_installation(made)


@pytest.fixture
def database(installation: Installation) -> Iterator[Database]:
    """A fresh clone of the migrated template, dropped after the test."""
    clone = installation.new_database()
    yield clone
    clone.close()


@pytest.fixture(scope="module")
def module_database(installation: Installation) -> Iterator[Database]:
    """A clone shared by the tests of one module."""
    clone = installation.new_database()
    yield clone
    clone.close()
