"""Dagster's storage when several processes find none at the same moment."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.installation import ROOT, Installation, make_installation, remove_installation

MAKE = """
from saulyq.dagster_storage import Making
from saulyq.settings import settings
Making(settings()).finish()
"""


@pytest.fixture
def untouched() -> Iterator[Installation]:
    made = make_installation()
    (made.home / "dagster").mkdir()
    yield made
    remove_installation(made)


def test_it_is_made_once_and_with_one_head(untouched: Installation) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", MAKE], cwd=ROOT, env=untouched.environment) for _ in range(3)]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    for file in ("history/runs.db", "schedules/schedules.db"):
        database = sqlite3.connect(untouched.home / "dagster" / file)
        assert database.execute("select count(*) from alembic_version").fetchone() == (1,)
        database.close()
    assert not (untouched.home / "dagster.new").exists()
