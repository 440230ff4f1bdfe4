"""Westgard's rules: worked examples that a laboratory doctor can check by hand, then what holds for any runs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_app.modules.lab_quality.westgard import RULES, WARNING, broken_rules, rejects, z_score

UNHURRIED = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""What is tested is the rule, not the speed of the machine."""
Z = st.floats(-6, 6, allow_nan=False)
SMALL = st.floats(-1, 1, allow_nan=False)


def test_a_value_two_and_a_half_deviations_above() -> None:
    assert z_score(5.5, 5.0, 0.2) == pytest.approx(2.5)


@pytest.mark.req("LAB-24")
@pytest.mark.parametrize(
    ("history", "companions", "expected"),
    [
        ([], [], []),
        ([0.4, -1.1, 0.9], [], []),
        ([0.4, 2.1], [], ["1-2s"]),
        ([0.4, -2.0], [], []),
        ([3.1], [], ["1-3s"]),
        ([-3.0], [], ["1-2s"]),
        ([2.2, 2.3], [], ["2-2s"]),
        ([2.2, -2.3], [], ["1-2s"]),
        ([2.2, 0.1, 2.3], [], ["1-2s"]),
        ([2.2], [2.4], ["2-2s"]),
        ([2.2], [-2.4], ["R-4s"]),
        ([1.9], [-2.4], []),
        ([1.1, 1.2, 1.3, 1.4], [], ["4-1s"]),
        ([1.1, 1.2, 0.9, 1.4], [], []),
        ([-1.1, -1.2, -1.3, -2.4], [], ["4-1s"]),
        ([0.1] * 9, [], []),
        ([0.1] * 10, [], ["10-x"]),
        ([-0.1] * 10, [], ["10-x"]),
        ([0.1] * 5 + [0.0] + [0.1] * 5, [], []),
        ([2.5, 3.5], [-2.5], ["1-3s", "2-2s", "R-4s"]),
        ([-0.5] + [1.1] * 10, [], ["4-1s", "10-x"]),
    ],
)
def test_worked_examples(history: list[float], companions: list[float], expected: list[str]) -> None:
    assert broken_rules(history, companions) == expected


@UNHURRIED
@given(st.lists(Z, max_size=15), st.lists(Z, max_size=2))
def test_the_mirror_image_breaks_the_same_rules(history: list[float], companions: list[float]) -> None:
    mirrored = broken_rules([-z for z in history], [-z for z in companions])
    assert mirrored == broken_rules(history, companions)


@UNHURRIED
@given(st.lists(Z, max_size=15), st.lists(Z, max_size=2))
def test_a_warning_stands_alone_and_rules_come_in_their_order(history: list[float], companions: list[float]) -> None:
    found = broken_rules(history, companions)
    if WARNING in found:
        assert found == [WARNING] and not rejects(found)
    else:
        assert found == [rule for rule in RULES if rule in found] and rejects(found) == bool(found)


@UNHURRIED
@given(st.lists(Z, min_size=10, max_size=20))
def test_what_lies_more_than_ten_runs_back_does_not_matter(history: list[float]) -> None:
    assert broken_rules([5.0, *history]) == broken_rules(history) == broken_rules(history[-10:])


@UNHURRIED
@given(st.lists(SMALL, max_size=9))
def test_fewer_than_ten_runs_within_one_deviation_are_always_good(history: list[float]) -> None:
    assert broken_rules(history) == []
