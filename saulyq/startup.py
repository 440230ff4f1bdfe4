"""`saulyq up`: from an empty machine to running parts, and back to nothing at Ctrl-C."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from saulyq import children, database, demo, postgres, supervisor
from saulyq.dagster_storage import Making
from saulyq.errors import SaulyqError
from saulyq.health import answers
from saulyq.language import _
from saulyq.output import say, work
from saulyq.part_files import write_part_files
from saulyq.parts import Part, parts
from saulyq.postgres.cluster import check_disk
from saulyq.postgres.lifecycle import check_port, in_use
from saulyq.postgres.process import REFUSED
from saulyq.postgres.roles import prepare
from saulyq.settings import Settings
from saulyq.storage_encryption import refuse_plain_storage

DATABASE_SECONDS = 60
"""What the database says of itself by then is final: a port that is taken does not get free by waiting."""
SLOW_DATABASE_SECONDS = 600
"""As long as it says nothing it is at work: it makes its files or undoes a crash, on a machine that has little time."""
HEALTH_SECONDS = 180
POLL_SECONDS = 0.25


def up(current: Settings, with_demo: bool) -> None:
    """Start everything, say where it is, and run until told to stop."""
    demo.check_allowed(current, with_demo)
    refuse_plain_storage(current)
    with _only_one(current), _stop_signals():
        check_disk(current.home)
        _clear_the_way(current)
        write_part_files(current)
        try:
            process = supervisor.start(current)
            _bring_up(current, with_demo)
            _watch(current, process)
        except KeyboardInterrupt:
            say("stopping …")
        finally:
            supervisor.shut_down(current)
        say("stopped")


def down(current: Settings) -> bool:
    """Ask a running `up` to end, and end what a killed one left; says whether anything ran."""
    owner = _owner(current)
    if owner is not None:
        os.kill(owner, signal.SIGTERM)
        deadline = time.monotonic() + supervisor.STOP_SECONDS
        while _owner(current) == owner and time.monotonic() < deadline:
            time.sleep(0.1)
    return supervisor.shut_down(current) or owner is not None


def _bring_up(current: Settings, with_demo: bool) -> None:
    dagster_storage = Making(current)
    _wait_database(current)
    prepare(current)
    if with_demo:
        demo.refuse_among_records(current)
    with work("preparing the database"):
        database.migrate(current)
    from saulyq import accounts

    password = accounts.ensure_admin(current)
    made_now = with_demo and demo.ensure(current)
    dagster_storage.finish()
    started = [part for part in parts(current) if part.name != "database"]
    for part in started:
        for program in part.programs:
            supervisor.start_program(current, program.name)
    late = _wait_parts(current, started)
    _welcome(current, started, password, first_time=made_now)
    accounts.first_password_was_shown(current)
    for part in late:
        say("%(part)s does not answer yet; see: saulyq logs %(log)s", part=part.name, log=part.programs[0].name)
    if with_demo and not made_now:
        # the parts are usable already; the days since the last start are computed meanwhile
        children.run_in_background(current, "pipeline", "run")


def _clear_the_way(current: Settings) -> None:
    # a load or a pipeline run that a killed start began still uses the database; other people's commands are let be
    left_commands = supervisor.end_leftover_commands(current)
    if current.database_url_outside is None and postgres.running(current) and in_use(current):
        raise SaulyqError("another saulyq command is using the database; wait for its end and try again")
    if supervisor.end_leftovers(current) or left_commands:
        say("ended what an earlier start left behind")
    for part in parts(current):
        if part.programs:
            check_port(part.port, part.address)
    check_port(current.control_port)


def _wait_database(current: Settings) -> None:
    began = time.monotonic()
    while not postgres.running(current):
        waited = time.monotonic() - began
        if waited > DATABASE_SECONDS:
            said = _last_line(current, "database")
            if said.startswith(REFUSED) or waited > SLOW_DATABASE_SECONDS:
                raise SaulyqError(
                    "the database does not start; its last line: %(line)s",
                    line=said.removeprefix(REFUSED),
                )
        time.sleep(0.05)


def _wait_parts(current: Settings, started: list[Part]) -> list[Part]:
    """Wait until every part answers; give back those that did not in time."""
    waiting = list(started)
    deadline = time.monotonic() + HEALTH_SECONDS
    with work("starting %(parts)s", parts=", ".join(_(part.title) for part in waiting if part.page)):
        while waiting and time.monotonic() < deadline:
            waiting = [part for part in waiting if not answers(current, part)]
            time.sleep(POLL_SECONDS)
    return waiting


def _watch(current: Settings, process: subprocess.Popen[bytes]) -> None:
    """Run until a signal; a killed supervisor is replaced together with its parts."""
    while True:
        time.sleep(1)
        if process.poll() is None:
            continue
        say("the supervisor ended unexpectedly; starting the parts again")
        supervisor.end_leftovers(current)
        process = supervisor.start(current)
        _wait_database(current)
        for part in parts(current):
            for program in part.programs:
                supervisor.start_program(current, program.name)


def _welcome(current: Settings, started: list[Part], password: str | None, first_time: bool) -> None:
    say()
    for part in started:
        if part.page is not None:
            say(f"  {_(part.title):<24} {current.page_url(part.port)}")
    if password is not None:
        say()
        say(
            "  Sign in as admin, password %(password)s (shown only now; you will be asked for your own)",
            password=password,
        )
    for line in demo.what_to_see(current, first_time):
        say(line)
    say()
    say("  Everything is in %(home)s. Stop with Ctrl-C.", home=current.home)


def _last_line(current: Settings, name: str) -> str:
    try:
        lines = (current.logs_dir / f"{name}.log").read_text().strip().splitlines()
    except FileNotFoundError:
        lines = []
    return lines[-1] if lines else "none"


@contextmanager
def _only_one(current: Settings) -> Iterator[None]:
    current.run_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(current.run_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SaulyqError(
                "this installation is already up (process %(pid)s); see saulyq status, stop it with saulyq down",
                pid=str(_owner(current)),
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _owner(current: Settings) -> int | None:
    """The process that holds the lock of `up`, if one does."""
    try:
        descriptor = os.open(current.run_dir / "up.lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 20, 0).decode().strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None


@contextmanager
def _stop_signals() -> Iterator[None]:
    """A closed terminal or a SIGTERM ends the parts as Ctrl-C does; a second signal does not cut that short."""
    asked = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
