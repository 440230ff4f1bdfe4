"""The command line as scripts see it: JSON alone on stdout, exit codes, one clear line for failures."""

import json
import re
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from saulyq.commands.db import DatabaseRole
from saulyq.output import print_json
from saulyq.settings import LOGIN_ROLES
from tests.installation import Installation, make_installation, remove_installation


@pytest.fixture(scope="module")
def fresh() -> Iterator[Installation]:
    """An installation that was never started."""
    made = make_installation()
    yield made
    remove_installation(made)


class TestBeforeTheFirstStart:
    def test_status_lists_every_part(self, fresh: Installation) -> None:
        document = json.loads(fresh.run("status", "--json").stdout)
        rows = {row["name"]: row for row in document["components"]}
        assert {"database", "ops", "worker", "dagster", "dashboards"} <= set(rows)
        for row in rows.values():
            assert row["ok"] is False
            assert row["pid"] is None
            assert "url" not in row
            assert isinstance(row["port"], int)
        assert document["warehouse"] == {"engine": None, "built_at": None, "as_of": None, "lag_seconds": None}

    @pytest.mark.parametrize(
        "arguments",
        [
            ("signals", "list", "SIG-02"),
            ("signals", "list", "SIG-02", "--state", "open", "--org", "1"),
            ("signals", "catalog"),
            ("indicators", "list"),
            ("indicators", "show", "VIS-01", "--by", "site", "--period", "2026-11"),
            ("indicators", "cases", "VIS-01", "--org", "1", "--period", "2026-11"),
            ("query", "select 1"),
        ],
    )
    def test_lists_are_empty_documents(self, fresh: Installation, arguments: tuple[str, ...]) -> None:
        result = fresh.run(*arguments, "--json")
        assert json.loads(result.stdout) == []

    def test_nothing_was_started_or_made(self, fresh: Installation) -> None:
        assert not (fresh.home / "postgres").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("indicators", "show", "VIS-01", "--period", "2026-13"),
        ("indicators", "show", "VIS-01", "--by", "village"),
        ("db", "url", "--role", "root"),
        ("logs", "nothing"),
        ("load", "region", "--people", "many"),
    ],
)
def test_wrong_usage_is_exit_2(fresh: Installation, arguments: tuple[str, ...]) -> None:
    result = fresh.run(*arguments, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert re.fullmatch(r"saulyq: .+\n", result.stderr)


def test_help_is_no_failure(fresh: Installation) -> None:
    assert "Usage: " in fresh.run("db", "url", "--help").stdout
    without = fresh.run("signals", check=False)
    assert without.returncode == 2
    assert "Usage: " in without.stdout + without.stderr


def test_a_release_or_period_that_does_not_exist_is_exit_2(fresh: Installation, tmp_path: Path) -> None:
    for name, period in (("nothing", "2026-10"), ("screening_coverage", "2026-13")):
        result = fresh.run("release", name, "--period", period, "--out", str(tmp_path), "--json", check=False)
        assert (result.returncode, result.stdout) == (2, "")
        assert len(result.stderr.strip().splitlines()) == 1


def test_numbers_that_json_does_not_know_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([{"a": float("nan"), "b": [Decimal("inf"), Decimal("1.5"), 2], "c": float("-inf")}])
    document = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert document == [{"a": None, "b": [None, 1.5, 2], "c": None}]


def test_a_missing_input_is_exit_3(fresh: Installation) -> None:
    result = fresh.run("load", "synthea", str(fresh.home / "nothing"), check=False)
    assert result.returncode == 3
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_wrong_setting_is_one_line(fresh: Installation) -> None:
    result = fresh.run("db", "url", check=False, SAULYQ_MODE="sandbox")
    assert result.returncode == 1
    assert result.stderr.startswith("saulyq: SAULYQ_MODE: ")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_named_with_what_to_do(fresh: Installation) -> None:
    port = fresh.settings.postgres_port
    with socket.create_server(("127.0.0.1", port)):
        result = fresh.run("db", "start", check=False)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert f"port {port} is taken" in result.stderr
    assert "SAULYQ_PORT_BASE" in result.stderr


def test_synthetic_people_never_enter_production(fresh: Installation) -> None:
    for arguments in (("up", "--demo"), ("load", "region", "--people", "100")):
        result = fresh.run(*arguments, check=False, SAULYQ_MODE="production")
        assert result.returncode == 2
        assert "production" in result.stderr


def test_role_addresses_are_those_of_the_settings() -> None:
    assert tuple(DatabaseRole) == LOGIN_ROLES


class TestServerBetweenCommands:
    def test_db_start_keeps_it_and_db_stop_ends_it(self, fresh: Installation) -> None:
        fresh.run("db", "start")
        fresh.run("db", "migrate")
        url = fresh.run("db", "url", "--role", "dashboards").stdout.strip()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("saulyq_dashboards",)
        assert "stopped" in fresh.run("db", "stop").stderr
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)

    def test_a_command_stops_what_it_started(self, fresh: Installation) -> None:
        fresh.run("db", "migrate")
        database = next(
            row for row in json.loads(fresh.run("status", "--json").stdout)["components"] if row["name"] == "database"
        )
        assert database["ok"] is False

    def test_a_file_of_which_nothing_loads_is_a_failure(self, fresh: Installation, tmp_path: Path) -> None:
        wrong = tmp_path / "letters.ndjson"
        wrong.write_text("not a resource\n{}\n", encoding="utf-8")
        result = fresh.run("load", "fhir", str(wrong), "--json", check=False)
        assert result.returncode == 1
        counts = json.loads(result.stdout)
        assert sum(each["rejected"] for each in counts["entities"].values()) == 2
        assert counts["rejects_file"] in result.stderr
        assert result.stderr.strip().splitlines()[-1].startswith("saulyq: nothing was loaded: all 2 rows")

    @pytest.mark.req("IAM-01", "IAM-08")
    def test_accounts(self, fresh: Installation) -> None:
        fresh.run("db", "start")
        added = json.loads(fresh.run("user", "add", "aigul", "--role", "doctor", "--json").stdout)
        again = json.loads(fresh.run("user", "password", "aigul", "--json").stdout)
        assert added["login"] == again["login"] == "aigul"
        assert len(added["password"]) >= 10
        assert added["password"] != again["password"]
        fresh.run("user", "disable", "aigul")
        assert fresh.run("user", "add", "aigul", "--role", "doctor", check=False).returncode == 1
        assert fresh.run("user", "disable", "nobody", check=False).returncode == 2
        assert fresh.run("user", "add", "other", "--role", "king", check=False).returncode == 2
        fresh.run("db", "stop")


def test_what_is_written_is_closed_to_others(fresh: Installation) -> None:
    fresh.run("db", "migrate")
    open_to_others = [
        path
        for path in fresh.home.rglob("*")
        if path.stat().st_mode & 0o077 and not path.is_symlink() and "postgres/data" not in str(path)
    ]
    assert open_to_others == []


def test_a_home_that_cannot_be_made_is_one_line(fresh: Installation) -> None:
    result = fresh.run("db", "url", check=False, SAULYQ_HOME="/proc/nowhere")
    assert result.returncode == 1
    assert "SAULYQ_HOME" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
