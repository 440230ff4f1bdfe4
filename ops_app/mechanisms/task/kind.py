"""What a module declares about a kind of task."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from ops_app.mechanisms.notifications.notice import Notice
from ops_app.permissions import Permission, Role

if TYPE_CHECKING:
    from ops_app.mechanisms.task.models import Task

MODULES = Path(__file__).resolve().parents[2] / "modules"
SEVERITIES = ("red", "amber")


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: why it is there, what takes it off, how long it may take, who hears of it then."""

    name: str
    """``module:thing``; tasks are stored under it, so it never changes."""
    title: str
    """Marked with ``N_()``."""
    why: Callable[[Task], str]
    """Why this task is on the list, in the reader's language."""
    closes: str
    """What takes it off; marked with ``N_()``."""
    deadline: dt.timedelta
    """From the opening, where the opener names no moment."""
    owner_role: str
    """Who does it when no person is named: a role, held at the task's organisation."""
    resolved_if: Callable[[Session, Task], str | None] | None = None
    """The evidence that closes it, as ``table:id`` or a code; None while there is none."""
    escalation: tuple[tuple[dt.timedelta, str], ...] = ()
    """How long after the deadline which role of the organisation is told too."""
    repeat: dt.timedelta | None = None
    """After the last step the same role is told again this often, until somebody takes it over."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Answers of a person that close it: code and title marked with ``N_()``; usually only evidence does."""
    target: Callable[[Task], str] | None = None
    """The page where it is done."""
    severity: str = "amber"
    notice: Notice | None = None
    """What its owners are told; without one, that a task waits for them."""
    permission: Permission = Permission.WORKLIST_TASK_READ
    """Who of the organisation may see it, beside the people it is given to."""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"task kind {self.name} has the unknown severity {self.severity}")
        if self.resolved_if is None and not self.answers:
            raise ValueError(f"nothing ever closes a task of the kind {self.name}")
        known = {str(role) for role in Role}
        strangers = {self.owner_role, *(role for _after, role in self.escalation)} - known
        if strangers:
            raise ValueError(f"task kind {self.name} names unknown roles: {', '.join(sorted(strangers))}")
        waits = [after for after, _role in self.escalation]
        if waits != sorted(waits):
            raise ValueError(f"the escalation of {self.name} goes back in time")


@lru_cache(maxsize=1)
def declared() -> Mapping[str, TaskKind]:
    """The kinds of all modules by name, from their ``task_kinds.py``."""
    found: dict[str, TaskKind] = {}
    for file in sorted(MODULES.glob("*/task_kinds.py")):
        listed = importlib.import_module(f"ops_app.modules.{file.parent.name}.task_kinds").TASK_KINDS
        found |= {kind.name: kind for kind in listed}
    return found
