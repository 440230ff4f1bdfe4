"""The life of a request as a state machine: no order of moves leaves the table."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ops_app.mechanisms.service_request.transitions import OPEN, TRANSITIONS, move_to, moves

STATES = ("draft", "active", "scheduled", "in_progress", "completed", "cancelled")
SIDES = st.sets(st.sampled_from(["requester", "performer"]))


class Life(RuleBasedStateMachine):
    """One request pushed about by people of both sides and of none."""

    def __init__(self) -> None:
        super().__init__()
        self.status = "draft"
        self.past: list[str] = []

    @rule(after=st.sampled_from(STATES), sides=SIDES)
    def push(self, after: str, sides: set[str]) -> None:
        """Try any move as anybody."""
        found = move_to(self.status, after, sides)
        if found is None:
            return
        assert set(found.by) & sides
        assert self.status in OPEN
        assert after != "completed" or found.needs == "result"
        assert after != "cancelled" or found.needs == "reason"
        self.past.append(self.status)
        self.status = after

    @invariant()
    def what_ended_stays(self) -> None:
        """Nothing leaves an end, and nothing is completed that was not begun."""
        assert all(status in OPEN for status in self.past)
        if self.status == "completed":
            assert self.past[-1] == "in_progress"
        if self.status not in OPEN:
            assert not moves(self.status, ("requester", "performer"))


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLife = Life.TestCase


def test_every_state_is_reached_and_every_open_one_can_be_left() -> None:
    reached = {move.after for move in TRANSITIONS} | {"draft"}
    assert reached == set(STATES)
    for status in OPEN:
        assert any(move.after == "cancelled" for move in moves(status, ("requester", "performer")))
    assert not moves("active", ())
