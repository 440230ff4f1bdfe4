"""Starting and stopping the embedded server, and knowing who still needs it.

Two locks in SAULYQ_HOME/run: whoever needs the server holds `database.users` shared; whoever starts or stops
it holds `database.change` alone. The server is stopped by the last user, unless `database.keep` names its
process: `saulyq db start` and `saulyq up` write that file.
"""

import fcntl
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from saulyq.errors import SaulyqError
from saulyq.postgres.cluster import Cluster, cluster, configure, initialise
from saulyq.postgres.roles import prepare
from saulyq.settings import Settings, settings

START_SECONDS = 600
"""A server that undoes a crash, or gets little of the machine, takes minutes; one that ended is noticed at once."""
STOP_SECONDS = 60


@dataclass(frozen=True)
class Postmaster:
    """What the server says about itself in its pid file."""

    pid: int
    ready: bool


def postmaster(current: Settings | None = None) -> Postmaster | None:
    """The server's main process, or None when it is down (also when it was killed)."""
    current = current or settings()
    try:
        lines = (current.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
        process = psutil.Process(pid)
        # a killed server's pid file stays behind, and its pid may be a zombie or another program by now
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            return None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return Postmaster(pid, ready=len(lines) > 7 and lines[7].strip() == "ready")


def running(current: Settings | None = None) -> bool:
    """Whether the server takes connections; an outside server always counts as running."""
    current = current or settings()
    if current.database_url_outside is not None:
        return True
    server = postmaster(current)
    return server is not None and server.ready


def start(current: Settings | None = None, keep: bool = False) -> None:
    """Start the server unless it runs, and bring roles and databases up to date."""
    current = current or settings()
    if current.database_url_outside is not None:
        prepare(current)
        return
    with _lock(current, "change", fcntl.LOCK_EX):
        server = postmaster(current)
        if server is None:
            _start(current)
        elif not server.ready:
            _wait_ready(current, None)
        if keep and (server := postmaster(current)) is not None:
            keep_file(current).write_text(str(server.pid))


def release(current: Settings | None = None) -> bool | None:
    """Keep the server no longer: stop it, or leave that to the commands that use it now (then None)."""
    current = current or settings()
    with _open_lock(current, "users") as users:
        if not _taken(users):
            keep_file(current).unlink(missing_ok=True)
            return None
        return stop(current)


def stop(current: Settings | None = None) -> bool:
    """Stop the server whoever uses it; says whether it ran."""
    current = current or settings()
    with _lock(current, "change", fcntl.LOCK_EX):
        keep_file(current).unlink(missing_ok=True)
        return _stop(current)


@contextmanager
def server(current: Settings | None = None) -> Iterator[Settings]:
    """Run the body with the server up; the last user of a server that nobody keeps stops it."""
    current = current or settings()
    if current.database_url_outside is not None:
        yield current
        return
    with _open_lock(current, "users") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            start(current)
            yield current
        finally:
            _stop_if_unused(current, users)


def in_use(current: Settings) -> bool:
    """Whether a command holds the server right now."""
    with _open_lock(current, "users") as users:
        return not _taken(users)


def keep_file(current: Settings) -> Path:
    """The file that names the server process to be kept running between commands."""
    current.run_dir.mkdir(parents=True, exist_ok=True)
    return current.run_dir / "database.keep"


def prepared_cluster(current: Settings) -> Cluster:
    """The cluster, initialised and configured, with its port known to be free."""
    files = cluster(current)
    initialise(files, current.role_password("saulyq_super"))
    configure(files, current)
    check_port(current.postgres_port)
    return files


def check_port(port: int, address: str = "127.0.0.1") -> None:
    """Say in one line who has a port that we need."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            other = "8400" if port >= 8500 else "8500"
            taker = _taker(port)
            if taker is None:
                raise SaulyqError(
                    "port %(port)s is taken; stop that program or choose other ports, for example "
                    "SAULYQ_PORT_BASE=%(other)s",
                    port=str(port),
                    other=other,
                ) from None
            raise SaulyqError(
                "port %(port)s is taken by %(program)s (process %(pid)s); stop that program or choose other ports, "
                "for example SAULYQ_PORT_BASE=%(other)s",
                port=str(port),
                program=taker.name(),
                pid=str(taker.pid),
                other=other,
            ) from None


def _taker(port: int) -> psutil.Process | None:
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
            if listens and connection.pid:
                return psutil.Process(connection.pid)
    except psutil.Error:
        return None
    return None


def _start(current: Settings) -> None:
    files = prepared_cluster(current)
    early_log = files.root / "log" / "start.log"
    with early_log.open("w") as output:
        process = files.popen("postgres", ["-D", str(files.data)], output=output.fileno(), new_session=True)
    try:
        _wait_ready(current, process)
        prepare(current)
    except SaulyqError as error:
        reason = [line for line in early_log.read_text().splitlines() if "FATAL" in line or "HINT" in line]
        if not reason:
            raise
        raise SaulyqError("%(failure)s %(reason)s", failure=error, reason=" ".join(reason)) from None


def _wait_ready(current: Settings, process: subprocess.Popen[str] | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server = postmaster(current)
        if server is not None and server.ready:
            return
        if server is None if process is None else process.poll() is not None:
            raise SaulyqError(
                "the database server ended at once; its log is in %(folder)s.", folder=current.home / "postgres/log"
            )
        time.sleep(0.03)
    raise SaulyqError("the database server was not ready within %(seconds)s seconds.", seconds=START_SECONDS)


def _stop(current: Settings) -> bool:
    server = postmaster(current)
    if server is None:
        return False
    process = psutil.Process(server.pid)
    # SIGINT is PostgreSQL's fast shutdown: sessions end, everything committed is kept
    process.send_signal(2)
    deadline = time.monotonic() + STOP_SECONDS
    while not _ended(process):
        if time.monotonic() > deadline:
            raise SaulyqError("the database server (process %(pid)s) does not stop", pid=str(server.pid))
        time.sleep(0.03)
    return True


def _ended(process: psutil.Process) -> bool:
    """Whether it is gone; while the command that started it runs on, an ended server stays as a zombie."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _stop_if_unused(current: Settings, users: int) -> None:
    if not _taken(users):
        return
    # new users wait for our exclusive lock and then start the server anew
    with _lock(current, "change", fcntl.LOCK_EX):
        server = postmaster(current)
        if server is None or _kept(current, server.pid):
            return
        _stop(current)


def _kept(current: Settings, pid: int) -> bool:
    try:
        return keep_file(current).read_text().strip() == str(pid)
    except FileNotFoundError:
        return False


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _open_lock(current: Settings, name: str) -> Iterator[int]:
    current.run_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(current.run_dir / f"database.{name}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _lock(current: Settings, name: str, kind: int) -> Iterator[None]:
    with _open_lock(current, name) as descriptor:
        fcntl.flock(descriptor, kind)
        yield
