"""Tasks for tests: they write down that they ran, fail as told, or take their time."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from sqlalchemy import Engine

from ops_app.mechanisms.jobs.task import Task


def write_down(engine: Engine, path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


def always_fail(engine: Engine, secret: str) -> None:
    raise RuntimeError(f"a value nobody may see: {secret}")


def dwell(engine: Engine, path: str) -> None:
    """The first run waits to be killed, a later one ends at once."""
    file = Path(path)
    runs = len(file.read_text()) if file.exists() else 0
    with file.open("a") as opened:
        opened.write("x")
    if runs == 0:
        time.sleep(60)


HERE = "tests.ops_app.jobs.sample"
TASKS = (
    Task("test:write", "Write", f"{HERE}:write_down", idempotent=True),
    Task(
        "test:fail",
        "Fail",
        f"{HERE}:always_fail",
        idempotent=True,
        attempts=3,
        first_wait=dt.timedelta(seconds=-1),
    ),
    Task("test:dwell", "Dwell", f"{HERE}:dwell", idempotent=True),
    Task("test:once", "Dwell once", f"{HERE}:dwell", idempotent=False),
)
