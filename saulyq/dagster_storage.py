"""Dagster's own storage, made once before its processes start.

Started side by side on an empty home they make it each, and a half of such races leaves a database with two
alembic heads, which no later start repairs.
"""

import fcntl
import os
import shutil
import subprocess
import sys

from saulyq.environment import part_environment
from saulyq.errors import SaulyqError
from saulyq.part_files import DAGSTER
from saulyq.settings import Settings

MAKE = "from dagster import DagsterInstance; DagsterInstance.get()"
FOLDERS = ("history", "schedules")


class Making:
    """The making of the storage, under way beside other work."""

    def __init__(self, current: Settings) -> None:
        self._home = current.home / "dagster"
        self._draft = current.home / "dagster.new"
        self._process: subprocess.Popen[bytes] | None = None
        # containers start Dagster's processes by themselves, at the same moment
        self._lock = os.open(current.home / "dagster.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # the last folder to be moved says that both are there
        if (self._home / FOLDERS[-1]).exists():
            return
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(mode=0o700)
        (self._draft / "dagster.yaml").write_text(DAGSTER)
        self._process = subprocess.Popen(
            [sys.executable, "-c", MAKE],
            env=part_environment(current) | {"DAGSTER_HOME": str(self._draft)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self) -> None:
        """Wait for it and put it in its place."""
        try:
            if self._process is not None:
                self._settle(self._process)
        finally:
            os.close(self._lock)

    def _settle(self, process: subprocess.Popen[bytes]) -> None:
        _, told = process.communicate()
        if process.returncode != 0:
            reason = told.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise SaulyqError("Dagster's storage could not be made: %(reason)s", reason=reason[-1])
        for folder in FOLDERS:
            shutil.rmtree(self._home / folder, ignore_errors=True)
            (self._draft / folder).rename(self._home / folder)
        shutil.rmtree(self._draft)
