"""What a module declares about a task; light, because the worker reads all declarations at its start."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODULES = Path(__file__).resolve().parents[2] / "modules"
LONGEST_WAIT = dt.timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Task:
    """Something the worker does outside of any request."""

    name: str
    """``module:thing``; jobs are stored under it, so it never changes."""
    title: str
    """Marked with ``N_()``; the administrator's screen shows it."""
    run: str
    """``package.module:function``, imported at the first job; called with the engine and the job's arguments."""
    idempotent: bool
    """Whether a run that was cut off may simply be repeated; a task that may not stops for an administrator."""
    cron: str | None = None
    """Five fields, UTC; a task with it needs no arguments."""
    attempts: int = 1
    """How often it is tried before an administrator must look."""
    first_wait: dt.timedelta = dt.timedelta(seconds=20)
    """Between the first failure and the second attempt; doubled each time, six hours at most."""

    def __post_init__(self) -> None:
        if self.attempts > 1 and not self.idempotent:
            raise ValueError(f"task {self.name} may not be repeated, so it has one attempt")

    def wait_after(self, attempt: int) -> dt.timedelta | None:
        """How long to wait after this failed attempt (from 1), or None when it was the last."""
        if attempt >= self.attempts:
            return None
        return backoff(self.first_wait, attempt, LONGEST_WAIT)

    def function(self) -> Callable[..., Any]:
        """The function, imported now."""
        module, _, name = self.run.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
        return found


def backoff(first: dt.timedelta, attempt: int, longest: dt.timedelta) -> dt.timedelta:
    """A wait that doubles with each failed attempt, up to a limit."""
    return min(first * 2 ** min(attempt - 1, 20), longest)


def declared() -> tuple[Task, ...]:
    """The tasks of all modules, from their ``tasks.py`` alone: no route and no model is imported for it."""
    found: list[Task] = []
    for file in sorted(MODULES.glob("*/tasks.py")):
        found += importlib.import_module(f"ops_app.modules.{file.parent.name}.tasks").TASKS
    return tuple(found)
