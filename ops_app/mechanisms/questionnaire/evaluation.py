"""Walking the tree of an expression; the browser does the same in ``expression.js``.

A missing answer is ``None``: arithmetic with it is ``None``, a comparison with it is false. Only
``True`` is true. A result that is not a finite number is ``None``. Nothing raises.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ops_app.mechanisms.questionnaire.expression import Tree

Value = Union[float, str, bool, None, "list[Value]"]

_DATE = re.compile(r"^[1-9]\d{3}-\d{2}-\d{2}$")
_CLOSE = 1e-9
"""2.675 is stored a little below itself; a person rounds what is written."""


@dataclass
class Facts:
    """What an expression sees."""

    values: Mapping[str, Value] = field(default_factory=dict)
    points: Mapping[str, float | None] = field(default_factory=dict)
    """Of visible scored items; None: not answered."""
    columns: Mapping[str, Mapping[str, Sequence[Value]]] = field(default_factory=dict)
    """By table and column, a number for each row."""


def evaluate(tree: Tree, facts: Facts) -> Value:
    """The value of a tree."""
    kind = tree[0]
    if kind in ("number", "text", "boolean"):
        value: Value = tree[1]
        return value
    if kind == "null":
        return None
    if kind == "ref":
        return facts.values.get(tree[1])
    if kind == "and":
        return evaluate(tree[1], facts) is True and evaluate(tree[2], facts) is True
    if kind == "or":
        return evaluate(tree[1], facts) is True or evaluate(tree[2], facts) is True
    if kind == "not":
        return evaluate(tree[1], facts) is not True
    if kind == "compare":
        return _compare(tree[1], evaluate(tree[2], facts), evaluate(tree[3], facts))
    if kind == "arithmetic":
        return _arithmetic(tree[1], evaluate(tree[2], facts), evaluate(tree[3], facts))
    if kind == "points":
        return _of_points(tree[1], tree[2], facts)
    if kind == "column":
        return list(facts.columns.get(tree[1], {}).get(tree[2], []))
    if kind == "rows":
        return float(max((len(rows) for rows in facts.columns.get(tree[1], {}).values()), default=0))
    return _call(tree[1], tree[2], facts)


def is_number(value: Value) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def finite(value: float) -> float | None:
    """The number, or None for what no paper could show."""
    return value if math.isfinite(value) else None


def total(numbers: Iterable[float]) -> float:
    """From left to right, as the browser adds; Python's own sum rounds otherwise from 3.12 on."""
    result = 0.0
    for number in numbers:
        result += number
    return result


def rounded(value: float, digits: int) -> float | None:
    """Half away from zero, as people round."""
    scale = 10.0**digits
    whole = finite(abs(value) * scale + 0.5 + _CLOSE)
    if whole is None:
        return None
    return math.copysign(float(math.floor(whole)) / scale, value) if whole >= 1 else 0.0


def _compare(sign: str, left: Value, right: Value) -> bool:
    if left is None or right is None or isinstance(left, list) or isinstance(right, list):
        return False
    if is_number(left) != is_number(right) or isinstance(left, bool) != isinstance(right, bool):
        return False
    if sign == "==":
        return left == right
    if sign == "!=":
        return left != right
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    if isinstance(left, str) or isinstance(right, str):
        # Only days have an order that is the same everywhere.
        if not (_DATE.match(str(left)) and _DATE.match(str(right))):
            return False
        left, right = (str(left) > str(right)) - (str(left) < str(right)), 0
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _arithmetic(sign: str, left: Value, right: Value) -> float | None:
    if not (is_number(left) and is_number(right)):
        return None
    a, b = float(left), float(right)  # type: ignore[arg-type]
    try:
        if sign == "+":
            return finite(a + b)
        if sign == "-":
            return finite(a - b)
        if sign == "*":
            return finite(a * b)
        if sign == "/":
            return finite(a / b)
        return finite(math.pow(a, b))
    except (ValueError, OverflowError, ZeroDivisionError):
        return None


def _of_points(name: str, items: Sequence[str], facts: Facts) -> float | None:
    # A hidden item has no place in ``points`` and counts for nothing.
    shown = [facts.points[item] for item in items if item in facts.points]
    given = [value for value in shown if value is not None]
    if name == "count_answered":
        return float(len(given))
    if name == "answered_points":
        return total(given)
    if name == "max_points":
        return max(given, default=0.0)
    if name == "points":
        return shown[0] if shown else None
    return total(given) if len(given) == len(shown) else None


def _flat(values: Sequence[Value]) -> list[Value]:
    return [each for value in values for each in (_flat(value) if isinstance(value, list) else [value])]


def _numbers(values: Sequence[Value]) -> list[float] | None:
    """All as numbers; None when one is missing or there is none."""
    flat = _flat(values)
    if not flat or not all(is_number(value) for value in flat):
        return None
    return [float(value) for value in flat]  # type: ignore[arg-type]


def _call(name: str, arguments: Sequence[Tree], facts: Facts) -> Value:
    if name == "if":
        return evaluate(arguments[1 if evaluate(arguments[0], facts) is True else 2], facts)
    values = [evaluate(argument, facts) for argument in arguments]
    if name == "coalesce":
        return next((value for value in values if value is not None), None)
    if name == "answered":
        return values[0] is not None and values[0] != [] and values[0] != ""
    if name == "has":
        return isinstance(values[0], list) and isinstance(values[1], str) and values[1] in values[0]
    if name == "count":
        return float(sum(1 for value in _flat(values) if value is not None))
    if name == "count_true":
        return float(sum(1 for value in _flat(values) if value is True))
    if name == "given":
        return [value for value in _flat(values) if value is not None]
    if name in ("days_between", "years_between"):
        return _between(name, values[0], values[1])
    numbers = _numbers(values)
    if numbers is None:
        return None
    try:
        return _OF_NUMBERS[name](numbers)
    except (ValueError, OverflowError):
        return None


def _largest(numbers: list[float]) -> float | None:
    place, *rest = numbers
    ordered = sorted(rest, reverse=True)
    return ordered[int(place) - 1] if place == math.floor(place) and 1 <= place <= len(ordered) else None


def _round(numbers: list[float]) -> float | None:
    value, digits = numbers[0], numbers[-1]
    return rounded(value, int(digits)) if digits in (0, 1, 2, 3, 4, 5, 6) and len(numbers) == 2 else None


_OF_NUMBERS: dict[str, Callable[[list[float]], float | None]] = {
    "abs": lambda n: abs(n[0]),
    "ceil": lambda n: float(math.ceil(n[0])),
    "exp": lambda n: finite(math.exp(n[0])),
    "floor": lambda n: float(math.floor(n[0])),
    "largest": _largest,
    "ln": lambda n: math.log(n[0]),
    "max": max,
    "mean": lambda n: finite(total(n) / len(n)),
    "min": min,
    "round": _round,
    "sqrt": lambda n: math.sqrt(n[0]),
    "sum": lambda n: finite(total(n)),
}


def as_day(value: Value) -> dt.date | None:
    """A day written 2026-11-22."""
    if not isinstance(value, str) or not _DATE.match(value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def _between(name: str, first: Value, second: Value) -> float | None:
    start, end = as_day(first), as_day(second)
    if start is None or end is None:
        return None
    if name == "days_between":
        return float((end - start).days)
    return float(end.year - start.year - ((end.month, end.day) < (start.month, start.day)))
