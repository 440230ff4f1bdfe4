"""The table of transitions: from where to where, who may, and what must be said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Status = Literal["draft", "active", "scheduled", "in_progress", "completed", "cancelled"]
Side = Literal["requester", "performer"]
Need = Literal["reason", "moment", "result"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that is allowed."""

    before: Status
    after: Status
    by: tuple[Side, ...]
    needs: Need | None = None


TRANSITIONS = (
    Transition("draft", "active", ("requester",)),
    Transition("draft", "cancelled", ("requester",), "reason"),
    Transition("active", "scheduled", ("performer",), "moment"),
    Transition("active", "in_progress", ("performer",)),
    Transition("active", "cancelled", ("requester", "performer"), "reason"),
    # another time
    Transition("scheduled", "scheduled", ("performer",), "moment"),
    Transition("scheduled", "in_progress", ("performer",)),
    Transition("scheduled", "cancelled", ("requester", "performer"), "reason"),
    Transition("in_progress", "completed", ("performer",), "result"),
    Transition("in_progress", "cancelled", ("performer",), "reason"),
)
OPEN = ("draft", "active", "scheduled", "in_progress")


def moves(status: str, sides: Collection[str]) -> tuple[Transition, ...]:
    """What somebody who stands on these sides may do with a request now."""
    return tuple(move for move in TRANSITIONS if move.before == status and set(move.by) & set(sides))


def is_step_back(before: str, after: str) -> bool:
    """Whether a step of the history took an earlier one back: no move leads this way."""
    return not any((move.before, move.after) == (before, after) for move in TRANSITIONS)


def move_to(status: str, after: str, sides: Collection[str]) -> Transition | None:
    """One allowed move, or None."""
    return next((move for move in moves(status, sides) if move.after == after), None)
