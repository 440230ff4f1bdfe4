"""Two commands at the same moment: each does its work or says in one line why not, and nothing is made twice."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from saulyq import postgres
from tests.ingestion.bulk.synthea_folder import write
from tests.installation import ROOT, Installation, make_installation, remove_installation


@pytest.fixture(scope="module")
def untouched() -> Iterator[Installation]:
    """In order: the first test makes the database."""
    made = make_installation()
    yield made
    remove_installation(made)


def together(installation: Installation, *commands: tuple[str, ...]) -> list[subprocess.CompletedProcess[str]]:
    """Run commands side by side."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "saulyq.cli", *command],
            cwd=ROOT,
            env=installation.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    ended = []
    for process in started:
        out, told = process.communicate(timeout=300)
        ended.append(subprocess.CompletedProcess(process.args, process.returncode, out, told))
    return ended


def test_two_first_commands_make_the_database_once(untouched: Installation) -> None:
    commands = [("user", "add", login, "--role", "doctor") for login in ("aigul", "serik")]
    for result in together(untouched, *commands, ("db", "migrate")):
        assert result.returncode == 0, result.stderr


def test_two_loads_of_one_folder_load_it_once(untouched: Installation, tmp_path: Path) -> None:
    untouched.run("db", "start")
    folder = str(write(tmp_path / "export"))
    results = together(untouched, *[("load", "synthea", folder)] * 3)
    assert [result.returncode for result in results] == [0, 0, 0], [result.stderr for result in results]
    with psycopg.connect(untouched.settings.libpq_url("owner")) as connection:
        assert connection.execute("select count(*) from patients.patient").fetchone() == (2,)


def test_a_demo_is_not_put_among_real_people(untouched: Installation) -> None:
    untouched.run("db", "stop")
    result = untouched.run("up", "--demo", check=False)
    assert result.returncode == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("saulyq: ") and "no demo" in line and "SAULYQ_HOME" in line
    assert not postgres.running(untouched.settings)
    assert not untouched.settings.demo_file.exists()
    with postgres.server(untouched.settings), psycopg.connect(untouched.settings.libpq_url("owner")) as connection:
        assert connection.execute("select count(*) from patients.patient").fetchone() == (2,)
        assert connection.execute("select to_regclass('synthetic.region')").fetchone() == (None,)


def test_db_stop_leaves_the_server_to_who_uses_it(untouched: Installation) -> None:
    untouched.run("db", "start")
    with postgres.server(untouched.settings):
        assert "other commands use it" in untouched.run("db", "stop").stderr
        psycopg.connect(untouched.settings.libpq_url("app")).close()
    assert not postgres.running(untouched.settings)


def test_a_server_whose_starter_still_runs_can_be_stopped(untouched: Installation) -> None:
    # started by this process, which does not ask for its end: it stays as a zombie
    postgres.start(untouched.settings)
    stop = "from saulyq import postgres; assert postgres.stop()"
    subprocess.run([sys.executable, "-c", stop], cwd=ROOT, env=untouched.environment, check=True, timeout=45)
    assert not postgres.running(untouched.settings)
