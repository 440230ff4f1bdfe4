"""A definition with its formulas read: what scoring walks, here and in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ops_app.mechanisms.questionnaire.definition import (
    AttachmentItem,
    BodyMapItem,
    BooleanItem,
    CalculatedItem,
    ChoiceItem,
    Item,
    NoteItem,
    NumberItem,
    Questionnaire,
    SignatureItem,
    TableItem,
)
from ops_app.mechanisms.questionnaire.expression import ExpressionError, Names, Tree, parse

KnownNames = Callable[..., Names]

SILENT = (NoteItem, BodyMapItem, AttachmentItem, SignatureItem, TableItem)
"""Items whose answers a formula cannot name by their id alone."""


class WrongFormula(Exception):
    """A formula that cannot be read, and where it stands."""

    def __init__(self, path: str, error: ExpressionError):
        self.path = path
        self.error = error
        super().__init__(f"{path}: {error}")


@dataclass
class Compiled:
    """Trees by the place they stand in."""

    definition: Questionnaire
    trees: dict[str, Tree] = field(default_factory=dict)

    def tree(self, path: str) -> Tree | None:
        """The formula at a place, if there is one."""
        return self.trees.get(path)


def compiled(definition: Questionnaire) -> Compiled:
    """Read every formula; each may name only what stands before it, so there can be no circle."""
    result = Compiled(definition)
    for path, text, names in _formulas(definition):
        try:
            result.trees[path] = parse(text, names)
        except ExpressionError as error:
            raise WrongFormula(path, error) from None
    return result


def _formulas(definition: Questionnaire) -> Iterator[tuple[str, str, Names]]:
    values: list[str] = []
    scored: list[str] = []
    tables: dict[str, list[str]] = {}

    def known(*more: str) -> Names:
        return Names((*values, *more), tuple(scored), {name: tuple(columns) for name, columns in tables.items()})

    for section in definition.sections:
        if section.visible:
            yield f"{section.id}.visible", section.visible, known()
        for item in section.items:
            yield from _of_item(item, known)
            if not isinstance(item, SILENT):
                values.append(item.id)
            if item.is_scored:
                scored.append(item.id)
            if isinstance(item, TableItem):
                tables[item.id] = [
                    column.id for column in item.columns if isinstance(column, NumberItem | ChoiceItem | CalculatedItem)
                ]
    if definition.score:
        yield "score", definition.score.formula, known()
    for number, rule in enumerate(definition.rules):
        yield f"rules.{number}", rule.when, known("score")
    for number, band in enumerate(definition.bands):
        if band.when:
            yield f"bands.{number}", band.when, known("score")
    for number, alert in enumerate(definition.alerts):
        yield f"alerts.{number}", alert.when, known("score")


def _of_item(item: Item, known: KnownNames) -> Iterator[tuple[str, str, Names]]:
    if item.visible:
        yield f"{item.id}.visible", item.visible, known()
    if isinstance(item, NumberItem | ChoiceItem | BooleanItem) and item.initial:
        # What is filled in at the start knows the person only.
        yield f"{item.id}.initial", item.initial, Names()
    if isinstance(item, NumberItem) and item.points:
        yield f"{item.id}.points", item.points, known("value")
    if isinstance(item, CalculatedItem):
        yield f"{item.id}.formula", item.formula, known()
    if isinstance(item, TableItem):
        given = {name for row in item.rows or [] for name in row.values}
        before: list[str] = []
        for column in item.columns:
            if isinstance(column, CalculatedItem):
                yield f"{item.id}.{column.id}.formula", column.formula, Names((*before, *given))
            before.append(column.id)
