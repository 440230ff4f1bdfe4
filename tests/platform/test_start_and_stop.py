"""`saulyq up`: every part answers, a killed part returns, and nothing is left behind."""

import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from saulyq import postgres
from saulyq.accounts import FIRST_SHOWN_FILE
from saulyq.children import COMMAND
from saulyq.environment import MARK, part_environment
from tests.installation import ROOT, Installation, make_installation, remove_installation

START_SECONDS = 180
RETURN_SECONDS = 150
USES_DATABASE = "import time; from saulyq import postgres\nwith postgres.server(): time.sleep(600)"

Components = dict[str, dict[str, object]]


@dataclass
class Running:
    """An installation with its `up` process."""

    installation: Installation
    up: subprocess.Popen[str]

    def components(self) -> Components:
        rows = json.loads(self.installation.run("status", "--json").stdout)["components"]
        return {row["name"]: row for row in rows}

    def wait(self, seconds: float, reached: Callable[[Components], bool]) -> Components:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if reached(rows := self.components()):
                return rows
            # to ask takes a second of the processor, which what is waited for needs itself
            time.sleep(2)
        silent = [self.installation.settings.logs_dir / f"{name}.log" for name, row in rows.items() if not row["ok"]]
        told = [told_by(self.installation), *(file for file in silent if file.exists())]
        logs = [f"{file.name}: {file.read_text()[-3000:]}" for file in told]
        raise AssertionError("\n".join([f"not reached within {seconds} s: {rows}", *logs]))

    def processes(self) -> list[psutil.Process]:
        """Every process of the installation, found by the mark in its environment; PostgreSQL by its folder."""
        home = str(self.installation.home)
        found = []
        for process in psutil.process_iter():
            try:
                in_database = process.name() == "postgres" and process.cwd().startswith(home)
                if in_database or process.environ().get(MARK) == home:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found


def told_by(installation: Installation) -> Path:
    """The file with what `up` says on its terminal."""
    installation.settings.logs_dir.mkdir(exist_ok=True)
    return installation.settings.logs_dir / "up-terminal.txt"


def first_password(installation: Installation) -> Path:
    """Where the first administrator's password is kept until a start has shown it."""
    return installation.settings.secrets_dir / FIRST_SHOWN_FILE


def start(installation: Installation) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "saulyq.cli", "up"],
        cwd=ROOT,
        env=installation.environment,
        stdout=subprocess.DEVNULL,
        stderr=told_by(installation).open("a"),
        text=True,
    )


def everything_answers(rows: Components) -> bool:
    return all(row["ok"] for row in rows.values())


def all_new(rows: Components, before: Components) -> bool:
    return all(rows[name]["pid"] != before[name]["pid"] for name in rows)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    installation = make_installation()
    # killed before it could say the first password, which the next start says instead
    state = Running(installation, start(installation))
    while not first_password(installation).exists():
        assert state.up.poll() is None, told_by(installation).read_text()
        time.sleep(0.05)
    state.up.kill()
    state.up.wait(30)
    state.up = start(installation)
    yield state
    if state.up.poll() is None:
        state.up.send_signal(signal.SIGINT)
        state.up.wait(120)
    for process in state.processes():
        process.kill()
    remove_installation(installation)


@pytest.mark.timeout(900)
class TestOneInstallation:
    """In order: each test goes on from the state the one before left."""

    def test_every_part_answers(self, running: Running) -> None:
        rows = running.wait(START_SECONDS, everything_answers)
        for name in ("ops", "dagster", "dashboards"):
            assert str(rows[name]["url"]).startswith("http://127.0.0.1:")
        for row in rows.values():
            assert psutil.pid_exists(int(str(row["pid"])))

    def test_password_of_the_first_account_is_printed_once(self, running: Running) -> None:
        told = told_by(running.installation)
        # a part answers a moment before the start itself has seen it and tells what to do
        running.wait(START_SECONDS, lambda _rows: "Sign in as admin" in told.read_text())
        assert told.read_text().count("Sign in as admin") == 1
        running.wait(10, lambda _rows: not first_password(running.installation).exists())

    def test_nothing_listens_or_talks_beyond_this_machine(self, running: Running) -> None:
        for process in running.processes():
            try:
                connections = process.net_connections("inet")
            except psutil.Error:
                continue
            for connection in connections:
                for address in (connection.laddr, connection.raddr):
                    if address:
                        ip = ipaddress.ip_address(address.ip.removeprefix("::ffff:"))
                        assert ip.is_loopback, f"{process.name()} has {connection}"

    def test_a_second_start_is_refused_in_one_line(self, running: Running) -> None:
        result = running.installation.run("up", check=False)
        assert result.returncode == 1
        assert len(result.stderr.strip().splitlines()) == 1
        assert "already up" in result.stderr

    def test_killed_parts_return(self, running: Running) -> None:
        before = running.wait(RETURN_SECONDS, everything_answers)
        # the server of the operational app does not listen itself; its workers must not outlive it and hold the port
        (server,) = (process for process in running.processes() if "ops_app.app:served_app" in process.cmdline())
        workers = server.children()
        assert len(workers) > running.installation.settings.ops_processes
        server.kill()
        for row in before.values():
            os.kill(int(str(row["pid"])), signal.SIGKILL)
        running.wait(
            RETURN_SECONDS,
            lambda rows: everything_answers(rows) and all_new(rows, before),
        )
        assert not [process for process in workers if process.is_running()]

    @pytest.mark.long
    def test_a_killed_supervisor_is_replaced(self, running: Running) -> None:
        before = running.components()
        pid_file = running.installation.settings.run_dir / "supervisord.pid"
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
        running.wait(
            START_SECONDS,
            lambda rows: everything_answers(rows) and all_new(rows, before),
        )

    def test_leftovers_of_a_killed_start_are_ended_by_the_next(self, running: Running) -> None:
        # a load or a pipeline run of the killed start would use the database for minutes
        command = subprocess.Popen(
            [sys.executable, "-c", USES_DATABASE, COMMAND],
            cwd=ROOT,
            env=part_environment(running.installation.settings),
        )
        deadline = time.monotonic() + 60
        while not postgres.lifecycle.in_use(running.installation.settings):
            assert command.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        running.up.kill()
        running.up.wait(30)
        leftovers = running.processes()
        assert any(process.pid == command.pid for process in leftovers)
        before = running.components()
        running.up = start(running.installation)
        # what was left behind answers too, until the new start has ended it
        running.wait(START_SECONDS, lambda rows: everything_answers(rows) and all_new(rows, before))
        assert command.wait(10) != 0
        assert not [process for process in leftovers if process.is_running()]

    def test_the_end_leaves_no_process(self, running: Running) -> None:
        running.up.send_signal(signal.SIGINT)
        assert running.up.wait(120) == 0
        assert running.processes() == []
        rows = running.components()
        assert not any(row["ok"] or row["pid"] for row in rows.values())
