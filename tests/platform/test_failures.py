"""What the machine refuses: one line that says what to do, nothing half-done behind it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from saulyq import children, failures
from tests.installation import Installation, make_installation, remove_installation


@pytest.fixture
def untouched() -> Iterator[Installation]:
    made = make_installation()
    yield made
    remove_installation(made)


def test_a_failed_step_of_a_start_is_told_once(untouched: Installation, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        children.run(untouched.settings, "load", "synthea", "/nowhere")
    assert ended.value.code == 3
    assert capfd.readouterr().err == "saulyq: there is no folder /nowhere\n"


class TestHomes:
    @pytest.mark.parametrize("command", [("db", "url"), ("status", "--json"), ("pipeline", "run"), ("up",)])
    def test_a_source_tree_is_no_home(self, untouched: Installation, tmp_path: Path, command: tuple[str, ...]) -> None:
        (tmp_path / "pyproject.toml").write_text("mine")
        result = untouched.run(*command, check=False, SAULYQ_HOME=str(tmp_path))
        assert result.returncode == 1
        assert result.stdout == ""
        (line,) = result.stderr.strip().splitlines()
        assert "SAULYQ_HOME" in line and "source files" in line
        assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]

    def test_a_file_is_no_home(self, untouched: Installation, tmp_path: Path) -> None:
        file = tmp_path / "home"
        file.write_text("mine")
        result = untouched.run("status", check=False, SAULYQ_HOME=str(file))
        assert result.returncode == 1
        assert len(result.stderr.strip().splitlines()) == 1
        assert file.read_text() == "mine"

    def test_a_home_that_may_not_be_written_is_one_line(self, untouched: Installation) -> None:
        # the kernel refuses new files there, to root too
        (untouched.home / "run").symlink_to("/sys")
        for command in (("db", "start"), ("up",)):
            result = untouched.run(*command, check=False)
            assert result.returncode == 1
            (line,) = result.stderr.strip().splitlines()
            assert line.startswith("saulyq: cannot use ") and "SAULYQ_HOME" in line
        (untouched.home / "run").unlink()


def _wrapped(error: Exception) -> Exception:
    """The failure as a library hands it on."""
    outer = OperationalError("insert", {}, error)
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
        psycopg.errors.DiskFull("could not extend file"),
        duckdb.IOException("IO Error: Could not write file: No space left on device"),
    ],
)
def test_a_full_disk_is_told_whoever_met_it(tmp_path: Path, error: Exception) -> None:
    for each in (error, _wrapped(error)):
        line = str(failures.expected(each, tmp_path))
        assert "full" in line and "SAULYQ_HOME" in line


def test_a_database_that_went_away_is_no_traceback(tmp_path: Path) -> None:
    gone = psycopg.OperationalError("server closed the connection unexpectedly")
    assert "saulyq logs database" in str(failures.expected(_wrapped(gone), tmp_path))


def test_what_nobody_expected_keeps_its_traceback(tmp_path: Path) -> None:
    for error in (ValueError("programming"), psycopg.errors.UniqueViolation("twice"), OSError(errno.EIO, "bad sector")):
        assert failures.expected(error, tmp_path) is None
