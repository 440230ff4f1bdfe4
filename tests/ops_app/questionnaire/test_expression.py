"""The language of the formulas: what it refuses, what it means, and that the browser reads it the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_app.mechanisms.questionnaire.browser import browser_model
from ops_app.mechanisms.questionnaire.definition import (
    BooleanItem,
    CellItem,
    ChoiceItem,
    DateItem,
    Item,
    NumberItem,
    TableItem,
    TextItem,
)
from ops_app.mechanisms.questionnaire.evaluation import Facts, evaluate, rounded
from ops_app.mechanisms.questionnaire.expression import MAX_LENGTH, ExpressionError, Names, parse
from ops_app.mechanisms.questionnaire.loading import shipped
from ops_app.mechanisms.questionnaire.scoring import outcome
from tests.ops_app.questionnaire.in_node import Node, running_node

NAMES = Names(("a", "b", "c", "s", "d", "m"), ("a", "b"), {"t": ("x",)})
NUMBERS = st.one_of(st.integers(-1000, 1000).map(float), st.floats(-1e6, 1e6).map(lambda n: round(n, 4)))
VALUES = st.one_of(
    st.none(),
    NUMBERS,
    st.booleans(),
    st.sampled_from(["yes", "no", "", "2026-11-22", "2024-02-29", "2023-02-29"]),
    st.lists(st.sampled_from(["yes", "no"]), max_size=2),
)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running_node() as running:
        yield running


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("1 +", "unfinished"),
        ("(1", "expected"),
        ("1 2", "unexpected"),
        ("a.b", "unexpected"),
        ("a[0]", "unexpected"),
        ("__import__('os')", "unknown_function"),
        ("open('x')", "unknown_function"),
        ("zz + 1", "unknown_name"),
        ("points(c)", "unscored"),
        ("column(t, 'y')", "unknown_column"),
        ("column(a, 'x')", "unknown_table"),
        ("round(1)", "arguments"),
        ("min(", "unfinished"),
        ("(" * 60 + "1" + ")" * 60, "too_deep"),
        ("-" * 60 + "1", "too_deep"),
        ("not " * 60 + "true", "too_deep"),
        ("1+" * 400 + "1", "too_long"),
        ("1" * (MAX_LENGTH + 1), "too_long"),
        ("a := 1", "unexpected"),
        ("'open", "unexpected"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text, NAMES)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 ^ 2", 19),
        ("-2 ^ 2", -4),
        ("2 ^ 3 ^ 2", 512),
        ("(1 + 2) / 0", None),
        ("ln(0)", None),
        ("sqrt(0 - 1)", None),
        ("(0 - 8) ^ (1 / 3)", None),
        ("10 ^ 400", None),
        ("exp(1000)", None),
        ("round(2.675, 2)", 2.68),
        ("round(0 - 0.5, 0)", -1),
        ("a + c", None),
        ("c == null", False),
        ("c != 'x'", False),
        ("not (c == 'x')", True),
        ("a == '3'", False),
        ("true == 1", False),
        ("if(c, 1, 2)", 2),
        ("coalesce(c, a)", 3),
        ("has(m, 'yes') and not has(m, 'no')", True),
        ("largest(2, 5, 9, 7)", 7),
        ("largest(4, 5, 9, 7)", None),
        ("sum(column(t, 'x'))", None),
        ("sum(given(column(t, 'x')))", 3),
        ("rows(t)", 3),
        ("days_between('2024-02-28', d)", 2),
        ("years_between('2000-03-02', d)", 23),
        ("d < '2024-03-02'", True),
        ("'10' < '9'", False),
        ("sum_points()", None),
        ("answered_points()", 4),
        ("count_answered(a, b)", 1),
        ("s == 'it''s'", None),
    ],
)
def test_meaning(text: str, value: object) -> None:
    if value is None and "''" in text:
        with pytest.raises(ExpressionError):
            parse(text, NAMES)
        return
    facts = Facts(
        {"a": 3.0, "b": None, "c": None, "s": "it", "d": "2024-03-01", "m": ["yes"]},
        {"a": 4.0, "b": None},
        {"t": {"x": [1.0, None, 2.0]}},
    )
    assert evaluate(parse(text, NAMES), facts) == value


EXPRESSIONS = st.recursive(
    st.one_of(
        st.sampled_from(["a", "b", "c", "s", "d", "m", "true", "null", "'yes'", "'2026-11-22'", "sum_points()"]),
        st.sampled_from(["points(a)", "max_points(a, b)", "column(t, 'x')", "rows(t)", "patient_age_years"]),
        st.floats(0, 100).map(lambda n: f"{n:.2f}"),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "^", "==", "<", ">=", "and", "or"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda part: f"(not {part})"),
        inner.map(lambda part: f"round({part}, 1)"),
        st.tuples(st.sampled_from(["min", "max", "sum", "mean", "count", "coalesce", "largest"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        st.tuples(inner, inner, inner).map(lambda parts: f"if({parts[0]}, {parts[1]}, {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"days_between({parts[0]}, {parts[1]})"),
        st.sampled_from(["sqrt", "ln", "abs", "exp", "floor", "given", "answered"]).flatmap(
            lambda name: inner.map(lambda part: f"{name}({part})")
        ),
    ),
    max_leaves=8,
)


def close(ours: Any, theirs: Any) -> bool:
    """The same, where logarithms and powers of two libraries may differ in the last digit."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(close(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, float) and isinstance(theirs, int | float) and not isinstance(theirs, bool):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


@settings(max_examples=150, deadline=None)
@given(
    text=EXPRESSIONS,
    values=st.fixed_dictionaries(dict.fromkeys("abcsdm", VALUES)),
    points=st.fixed_dictionaries({}, optional={"a": st.none() | NUMBERS, "b": st.none() | NUMBERS}),
    column=st.lists(st.none() | NUMBERS, max_size=3),
)
def test_browser_and_server_agree(node: Node, text: str, values: Any, points: Any, column: Any) -> None:
    tree = parse(text, NAMES)
    ours = evaluate(tree, Facts(values, points, {"t": {"x": column}}))
    theirs = node.ask(tree=tree, facts={"values": values, "points": points, "columns": {"t": {"x": column}}})
    assert close(ours, theirs), text


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_rounding_is_near_and_symmetric(value: float, digits: int) -> None:
    result = rounded(value, digits)
    assert result is not None
    assert abs(result - value) <= 0.5 * 10**-digits * 1.001 + 1e-6
    assert result == -(rounded(-value, digits) or 0.0)


def answer_for(item: Item | CellItem) -> st.SearchStrategy[Any]:
    """Some answer of an item, right or not."""
    if isinstance(item, BooleanItem):
        return st.just(True)
    if isinstance(item, NumberItem):
        low = item.min if item.min is not None else 0.0
        high = item.max if item.max is not None else 300.0
        return st.floats(low, high).map(lambda number: round(number, item.decimals + 1)) | st.just("typed")
    if isinstance(item, ChoiceItem):
        codes = st.sampled_from([option.value for option in item.options])
        return st.lists(codes, max_size=3, unique=True) if item.multiple else codes | st.just("other")
    if isinstance(item, DateItem):
        return st.dates().map(str)
    if isinstance(item, TextItem):
        return st.text(max_size=5)
    if isinstance(item, TableItem):
        row = st.fixed_dictionaries({}, optional={column.id: answer_for(column) for column in item.columns})
        if item.rows is not None:
            return st.fixed_dictionaries({}, optional={each.id: row for each in item.rows})
        return st.lists(row, max_size=3)
    return st.none()


@settings(max_examples=70, deadline=None)
@given(data=st.data())
def test_every_form_scores_the_same_in_the_browser(node: Node, data: st.DataObject) -> None:
    compiled = shipped()[data.draw(st.sampled_from(sorted(shipped())))].compiled
    definition = compiled.definition
    answers = data.draw(st.fixed_dictionaries({}, optional={item.id: answer_for(item) for item in definition.items}))
    person = data.draw(
        st.fixed_dictionaries(
            {
                "patient_age_years": st.none() | st.integers(0, 110).map(float),
                "patient_sex": st.sampled_from([None, "male", "female"]),
            }
        )
    )
    ours = outcome(compiled, answers, person)
    theirs = node.ask(of=node.ask(model=browser_model(compiled)), answers=answers, person=person)
    assert set(theirs["visible"]) == ours.visible
    assert close(ours.score, theirs["score"])
    assert set(theirs["points"]) == set(ours.points)
    assert all(close(value, theirs["points"][name]) for name, value in ours.points.items())
    assert all(close(value, theirs["values"][name]) for name, value in ours.values.items())
    assert all(close(v, theirs["cells"][t][c]) for t, cells in ours.cells.items() for c, v in cells.items())
    assert [definition.bands[n] for n in theirs["bands"]] == ours.bands
    assert [definition.alerts[n] for n in theirs["alerts"]] == ours.alerts
    assert [definition.rules[n] for n in theirs["broken"]] == ours.broken


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_score_lies_in_its_range_and_is_read(data: st.DataObject) -> None:
    """Complete answers inside the limits never give a score that the published scale does not know."""
    scales = sorted(
        name
        for name, form in shipped().items()
        if form.compiled.definition.status == "full" and (form.compiled.definition.score or None) is not None
    )
    compiled = shipped()[data.draw(st.sampled_from(scales))].compiled
    definition = compiled.definition
    answers = {
        item.id: data.draw(answer_for(item).filter(lambda answer: answer not in ("typed", "other")))
        for item in definition.items
        if item.required or (isinstance(item, BooleanItem) and data.draw(st.booleans()))
    }
    result = outcome(compiled, answers, {"patient_age_years": 50.0, "patient_sex": "female"})
    score = definition.score
    assert score is not None
    if result.score is not None and not result.broken:
        assert score.min is None or result.score >= score.min
        assert score.max is None or result.score <= score.max
        assert result.bands or not definition.bands
