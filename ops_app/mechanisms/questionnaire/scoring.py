"""What answers come to: which items are shown, what they give, the score, its reading, the alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ops_app.mechanisms.questionnaire.coding import code_of
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import (
    Band,
    BooleanItem,
    CalculatedItem,
    CellItem,
    ChoiceItem,
    CodeItem,
    DateItem,
    Item,
    Notice,
    NumberItem,
    TableItem,
    TextItem,
)
from ops_app.mechanisms.questionnaire.evaluation import Facts, Value, as_day, evaluate, is_number, rounded

Answer = object
"""A text, a number, true, a day, a code, a list of codes, rows of a table, points, files."""


@dataclass
class Outcome:
    """What follows from the answers of one form."""

    visible: set[str] = field(default_factory=set)
    values: dict[str, Value] = field(default_factory=dict)
    points: dict[str, float | None] = field(default_factory=dict)
    cells: dict[str, dict[str, Value]] = field(default_factory=dict)
    """Calculated cells: by table, then by ``row--column``."""
    score: float | None = None
    bands: list[Band] = field(default_factory=list)
    alerts: list[Notice] = field(default_factory=list)
    broken: list[Notice] = field(default_factory=list)
    """Rules of the whole form that do not hold."""


def outcome(compiled: Compiled, answers: Mapping[str, Answer], person: Mapping[str, Value]) -> Outcome:
    """Walk the definition once, from top to bottom."""
    definition = compiled.definition
    result = Outcome()
    columns: dict[str, dict[str, list[Value]]] = {}
    facts = Facts({**person}, result.points, columns)
    known: dict[str, Value] = facts.values  # type: ignore[assignment]
    for section in definition.sections:
        shown = _holds(compiled, f"{section.id}.visible", facts)
        if shown:
            result.visible.add(section.id)
        for item in section.items:
            if not shown or not _holds(compiled, f"{item.id}.visible", facts):
                continue
            result.visible.add(item.id)
            if isinstance(item, TableItem):
                columns[item.id] = _columns(compiled, item, answers.get(item.id), result.cells.setdefault(item.id, {}))
                continue
            value = _calculated(compiled, item, facts) if isinstance(item, CalculatedItem) else _value(item, answers)
            known[item.id] = result.values[item.id] = value
            if item.is_scored:
                result.points[item.id] = _points(compiled, item, value, facts)
    tree = compiled.tree("score")
    if definition.score is not None and tree is not None:
        reached = evaluate(tree, facts)
        if is_number(reached):
            result.score = rounded(float(reached), definition.score.decimals)  # type: ignore[arg-type]
    known["score"] = result.score
    result.bands = [
        band
        for number, band in enumerate(definition.bands)
        if result.score is not None
        and band.from_ <= result.score <= band.to
        and _holds(compiled, f"bands.{number}", facts)
    ]
    result.alerts = [alert for n, alert in enumerate(definition.alerts) if _holds(compiled, f"alerts.{n}", facts)]
    result.broken = [rule for n, rule in enumerate(definition.rules) if not _holds(compiled, f"rules.{n}", facts)]
    return result


def initial_values(compiled: Compiled, person: Mapping[str, Value]) -> dict[str, Answer]:
    """What a form starts with from what is known of the person."""
    found: dict[str, Answer] = {}
    for item in compiled.definition.items:
        tree = compiled.tree(f"{item.id}.initial")
        if tree is None:
            continue
        value = evaluate(tree, Facts(person))
        if isinstance(item, NumberItem) and is_number(value):
            found[item.id] = value
        elif isinstance(item, ChoiceItem) and item.option(value) is not None:
            found[item.id] = [value] if item.multiple else value
        elif isinstance(item, BooleanItem) and value is True:
            found[item.id] = True
    return found


def _holds(compiled: Compiled, path: str, facts: Facts) -> bool:
    tree = compiled.tree(path)
    return tree is None or evaluate(tree, facts) is True


def _value(item: Item | CellItem, answers: Mapping[str, Answer]) -> Value:
    """An answer as formulas see it; one of the wrong shape counts as missing."""
    answer = answers.get(item.id)
    if isinstance(item, BooleanItem):
        return answer is True
    if isinstance(item, NumberItem):
        return float(answer) if is_number(answer) else None  # type: ignore[arg-type]
    if isinstance(item, ChoiceItem) and item.multiple:
        codes = answer if isinstance(answer, list) else []
        kept: list[Value] = [option.value for option in item.options if option.value in codes]
        return kept or None
    if isinstance(item, ChoiceItem):
        return str(answer) if item.option(answer) is not None else None
    if isinstance(item, CodeItem):
        return code_of(answer)
    if isinstance(item, DateItem):
        return str(answer) if as_day(answer) is not None else None  # type: ignore[arg-type]
    if isinstance(item, TextItem):
        return answer if isinstance(answer, str) and answer else None
    return None


def _calculated(compiled: Compiled, item: CalculatedItem, facts: Facts, path: str = "") -> Value:
    tree = compiled.tree(path or f"{item.id}.formula")
    value = evaluate(tree, facts) if tree is not None else None
    return rounded(float(value), item.decimals) if is_number(value) else value  # type: ignore[arg-type]


def _points(compiled: Compiled, item: Item | CellItem, value: Value, facts: Facts) -> float | None:
    if isinstance(item, BooleanItem):
        return item.points if value is True else 0.0
    if value is None:
        return None
    if isinstance(item, ChoiceItem):
        given = [option.points for option in item.options if option.value == value or _among(option.value, value)]
        return sum((points or 0.0 for points in given), 0.0) if None not in given else None
    if isinstance(item, NumberItem) and item.point_bands:
        number = float(value)  # type: ignore[arg-type]
        for band in item.point_bands:
            if (band.to is None or number <= band.to) and (band.below is None or number < band.below):
                return band.points
    tree = compiled.tree(f"{item.id}.points")
    if tree is None:
        return None
    found = evaluate(tree, Facts({**facts.values, "value": value}, facts.points, facts.columns))
    return float(found) if is_number(found) else None  # type: ignore[arg-type]


def _among(code: str, value: Value) -> bool:
    return isinstance(value, list) and code in value


def table_rows(item: TableItem, answer: Answer) -> list[tuple[str, Mapping[str, Answer]]]:
    """Rows of a table with their keys: the declared ones, or those that were added."""
    if item.rows is not None:
        given = answer if isinstance(answer, dict) else {}
        return [(row.id, cells if isinstance(cells := given.get(row.id), dict) else {}) for row in item.rows]
    rows: Sequence[Answer] = answer if isinstance(answer, list) else []
    return [(str(number), row) for number, row in enumerate(rows[: item.max_rows]) if isinstance(row, dict)]


def _columns(compiled: Compiled, item: TableItem, answer: Answer, cells: dict[str, Value]) -> dict[str, list[Value]]:
    columns: dict[str, list[Value]] = {
        column.id: [] for column in item.columns if isinstance(column, NumberItem | ChoiceItem | CalculatedItem)
    }
    given = {row.id: row.values for row in item.rows or []}
    for key, row in table_rows(item, answer):
        known: dict[str, Value] = {**given.get(key, {})}
        for column in item.columns:
            if isinstance(column, CalculatedItem):
                value = _calculated(compiled, column, Facts(known), f"{item.id}.{column.id}.formula")
                cells[f"{key}--{column.id}"] = value
            else:
                value = _value(column, row)
            known[column.id] = value
            if column.id in columns:
                scored = isinstance(column, ChoiceItem)
                columns[column.id].append(_points(compiled, column, value, Facts()) if scored else value)
    return columns
