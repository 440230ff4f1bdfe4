"""`python -m saulyq.postgres.process`: becomes the database server, for the supervisor."""

import os
import sys
import time

import psutil

from saulyq.errors import SaulyqError
from saulyq.postgres.cluster import binaries, environment
from saulyq.postgres.lifecycle import keep_file, postmaster, prepared_cluster
from saulyq.settings import Settings, settings

ORPHAN_SECONDS = 20
REFUSED = "database: "
"""How the line begins that says why there will be no server."""


def main() -> None:
    """Prepare the cluster and turn this process into the server."""
    current = settings()
    try:
        if (server := postmaster(current)) is not None:
            raise SaulyqError("the database server already runs (process %(pid)s)", pid=str(server.pid))
        _wait_for_orphans(current)
        files = prepared_cluster(current)
    except SaulyqError as error:
        sys.exit(f"{REFUSED}{error}")
    # the process keeps its number through exec, so the commands that use the server will not stop it
    keep_file(current).write_text(str(os.getpid()))
    if files.user is not None:
        files.user.become()
    os.chdir("/")
    program = str(binaries() / "postgres")
    os.execve(program, [program, "-D", str(files.data)], environment())  # noqa: S606


def _wait_for_orphans(current: Settings) -> None:
    """Sessions of a killed server notice within moments; a new server is refused until they are gone."""
    folder = str(current.home / "postgres" / "data")
    deadline = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < deadline and any(_works_in(process, folder) for process in psutil.process_iter()):
        time.sleep(0.1)


def _works_in(process: psutil.Process, folder: str) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == folder
    except psutil.Error:
        return False


if __name__ == "__main__":
    main()
