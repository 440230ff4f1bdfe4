"""Answers on their way in: read from a posted form or a record, checked against the definition.

A field is named ``q-pulse``, a cell ``q-table--row--column``. A draft keeps whatever was typed; what is
completed must be right.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import parse_date, show_date
from ops_app.kit.numbers import show_number
from ops_app.mechanisms.questionnaire import coding
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import (
    AttachmentItem,
    BodyMapItem,
    BooleanItem,
    CalculatedItem,
    CellItem,
    ChoiceItem,
    CodeItem,
    DateItem,
    Item,
    NoteItem,
    NumberItem,
    SignatureItem,
    TableItem,
    TextItem,
)
from ops_app.mechanisms.questionnaire.evaluation import Value, as_day, is_number
from ops_app.mechanisms.questionnaire.scoring import Answer, Outcome, outcome, table_rows
from ops_app.mechanisms.questionnaire.signing import digest, is_drawn_right, is_given

PREFIX = "q-"
BETWEEN = "--"
TYPED = "typed"
"""What stands in the field of a code, chosen or not."""
VIEWS = ("front", "back")
POINT_PARTS = ("view", "x", "y", "finding", "note")
EARLIEST = dt.date(1880, 1, 1)
MAX_TYPED = 20_000


class Fields(Protocol):
    """A posted form, as Starlette gives it."""

    def get(self, key: str, /) -> object: ...

    def getlist(self, key: str, /) -> Sequence[object]: ...

    def keys(self) -> object: ...


@dataclass
class Checked:
    """Answers with what is wrong with them, by field name."""

    answers: dict[str, Answer] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=Outcome)


def field_name(item: str, *cell: str) -> str:
    """The name of a field on the page."""
    return PREFIX + BETWEEN.join((item, *cell))


def read_posted(compiled: Compiled, fields: Fields) -> dict[str, Answer]:
    """Answers as they were typed; files are kept elsewhere and stay untouched."""
    found: dict[str, Answer] = {}
    for item in compiled.definition.items:
        if isinstance(item, NoteItem | CalculatedItem | AttachmentItem):
            continue
        if isinstance(item, TableItem):
            answer: Answer = _posted_table(item, fields)
        elif isinstance(item, BodyMapItem):
            answer = _posted_points(item, fields)
        elif isinstance(item, SignatureItem):
            answer = _posted_signature(item, fields)
        else:
            answer = _posted(item, field_name(item.id), fields)
        if answer not in (None, "", [], {}):
            found[item.id] = answer
    return found


def _posted(item: Item | CellItem, name: str, fields: Fields) -> Answer:
    if isinstance(item, ChoiceItem) and item.multiple:
        known = {option.value for option in item.options}
        return [value for value in fields.getlist(name) if value in known]
    typed = fields.get(name)
    if isinstance(item, CodeItem):
        return coding.posted(typed, fields.get(name + BETWEEN + TYPED))
    if not isinstance(typed, str):
        return None
    typed = typed[:MAX_TYPED].replace("\x00", "").strip()
    if isinstance(item, BooleanItem):
        return True if typed else None
    return parsed(item, typed)


def parsed(item: Item | CellItem, typed: str) -> Answer:
    """What a typed text means; the text itself where it means nothing."""
    if isinstance(item, NumberItem):
        number = re.sub(r"\s", "", typed).replace(",", ".")
        return float(number) if re.fullmatch(r"[-−]?\d{1,12}(\.\d{1,10})?", number) else typed
    if isinstance(item, DateItem):
        day = parse_date(typed)
        return day.isoformat() if day is not None and day >= EARLIEST else typed
    return typed


def _posted_table(item: TableItem, fields: Fields) -> Answer:
    keys = [row.id for row in item.rows] if item.rows else [str(number) for number in range(item.max_rows)]
    rows: dict[str, dict[str, Answer]] = {}
    for key in keys:
        cells: dict[str, Answer] = {}
        for column in item.columns:
            if isinstance(column, CalculatedItem):
                continue
            value = _posted(column, field_name(item.id, key, column.id), fields)
            if value not in (None, "", []):
                cells[column.id] = value
        if cells:
            rows[key] = cells
    return rows if item.rows else list(rows.values())


def _posted_points(item: BodyMapItem, fields: Fields) -> list[dict[str, Answer]]:
    found: list[dict[str, Answer]] = []
    for number in range(item.max_points):
        typed = {
            part: fields.get(field_name(item.id, str(number), part)) for part in ("view", "x", "y", "finding", "note")
        }
        if not typed["finding"]:
            continue
        point: dict[str, Answer] = {"view": str(typed["view"] or ""), "finding": str(typed["finding"])}
        for axis in ("x", "y"):
            text = str(typed[axis] or "").replace(",", ".")
            point[axis] = float(text) if re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text) else text
        note = str(typed["note"] or "").strip()[:200]
        found.append(point | ({"note": note} if note else {}))
    return found


def _posted_signature(item: SignatureItem, fields: Fields) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for part, longest in (("name", 120), ("strokes", MAX_TYPED)):
        typed = fields.get(field_name(item.id, part))
        if isinstance(typed, str) and (text := typed[:longest].replace("\x00", "").strip()):
            found[part] = text
    if fields.get(field_name(item.id, "paper")):
        found["paper"] = True
    return found


def check(compiled: Compiled, answers: Mapping[str, Answer], person: Mapping[str, Value]) -> Checked:
    """Everything that must be right before a form is completed; hidden answers fall away."""
    result = outcome(compiled, answers, person)
    checked = Checked(outcome=result)
    for item in compiled.definition.items:
        if item.id not in result.visible or isinstance(item, NoteItem | CalculatedItem):
            continue
        answer = answers.get(item.id)
        before = len(checked.errors)
        if isinstance(item, TableItem):
            checked.errors |= dict(_table_errors(item, answer))
        elif isinstance(item, BodyMapItem):
            checked.errors |= dict(_map_errors(item, answer))
        elif isinstance(item, SignatureItem):
            if is_given(answer) or item.required:
                checked.errors |= dict(_signature_errors(item, answer, digest(compiled, answers, person)))
            if is_given(answer):
                checked.answers[item.id] = answer
            continue
        elif message := _error(item, answer):
            checked.errors[field_name(item.id)] = message
        if item.required and answer in (None, "", [], {}) and len(checked.errors) == before:
            checked.errors[field_name(item.id)] = _("Fill in this field")
        if answer not in (None, "", [], {}):
            checked.answers[item.id] = answer
    if result.broken and not checked.errors:
        checked.errors[""] = " ".join(str(rule.label) for rule in result.broken)
    return checked


def _error(item: Item | CellItem, answer: Answer) -> str | None:
    if answer in (None, "", []):
        return None
    if isinstance(item, NumberItem):
        if not is_number(answer):  # type: ignore[arg-type]
            return _("Write a number, for example 36,6")
        low, high = item.min, item.max
        number = float(answer)  # type: ignore[arg-type]
        if (low is not None and number < low) or (high is not None and number > high):
            return range_message(item)
    elif isinstance(item, DateItem):
        day = as_day(answer)  # type: ignore[arg-type]
        if day is None:
            return _("Write a date, for example 20.11.2026, 20 11, today or +3")
        if not item.future and day > clock.today():
            return _("The date lies in the future")
    elif isinstance(item, TextItem):
        if not isinstance(answer, str):
            return _("The value does not look right")
        if len(answer) > item.max_length:
            return _("Too long: at most %(n)s characters", n=item.max_length)
    elif isinstance(item, ChoiceItem):
        codes = answer if isinstance(answer, list) else [answer]
        if any(item.option(code) is None for code in codes) or isinstance(answer, list) != item.multiple:
            return _("Choose one of the listed values")
    elif isinstance(item, CodeItem):
        return coding.problem(answer)
    elif isinstance(item, BooleanItem) and answer is not True and answer is not False:
        return _("The value does not look right")
    return None


def range_message(item: NumberItem) -> str:
    """What to say about a number outside its range; the browser says the same."""
    unit = f" {item.unit}" if item.unit else ""
    low = show_number(item.min) if item.min is not None else None
    high = show_number(item.max) if item.max is not None else None
    if low is not None and high is not None:
        return _("Must lie between %(low)s and %(high)s", low=low, high=high + unit)
    if low is not None:
        return _("Must be %(n)s or more", n=low + unit)
    return _("Must be %(n)s or less", n=(high or "") + unit)


def _table_errors(item: TableItem, answer: Answer) -> Iterator[tuple[str, str]]:
    for key, row in table_rows(item, answer):
        for column in item.columns:
            if isinstance(column, CalculatedItem):
                continue
            cell = row.get(column.id)
            message = _error(column, cell)
            if message is None and column.required and cell in (None, "", []) and (item.required or row):
                message = _("Fill in this field")
            if message:
                yield field_name(item.id, key, column.id), message


def _map_errors(item: BodyMapItem, answer: Answer) -> Iterator[tuple[str, str]]:
    points = answer if isinstance(answer, list) else []
    known = {finding.value for finding in item.findings}
    for number, point in enumerate(points):
        inside = all(is_number(point.get(axis)) and 0 <= float(point[axis]) <= 100 for axis in ("x", "y"))
        if point.get("view") not in VIEWS or not inside:
            yield field_name(item.id, str(number), "finding"), _("Mark the place on the figure")
        elif point.get("finding") not in known:
            yield field_name(item.id, str(number), "finding"), _("Choose one of the listed values")


def _signature_errors(item: SignatureItem, answer: Answer, sealed: str) -> Iterator[tuple[str, str]]:
    given: Mapping[str, Answer] = answer if isinstance(answer, dict) else {}
    if not is_given(given):
        yield field_name(item.id), _("Sign here, or say that the paper is signed")
    elif not given.get("paper") and not is_drawn_right(given.get("strokes")):
        yield field_name(item.id), _("Sign with a finger, a pen or the mouse: more than a dot")
    elif given.get("sealed") not in (None, sealed):
        yield field_name(item.id), _("The answers changed after this signature: sign again")
    if not given.get("name"):
        yield field_name(item.id, "name"), _("Write who signs")


def shown(item: Item | CellItem, answer: Answer) -> str:
    """An answer as a field shows it: a date in figures, a number with a comma."""
    if answer is None:
        return ""
    if isinstance(item, NumberItem | CalculatedItem) and is_number(answer):  # type: ignore[arg-type]
        number = float(answer)  # type: ignore[arg-type]
        text = f"{number:.{max(item.decimals, 0)}f}" if number == round(number, item.decimals) else f"{number:.10g}"
        return text.replace(".", ",")
    if isinstance(item, DateItem) and (day := as_day(answer)) is not None:  # type: ignore[arg-type]
        return show_date(day)
    if isinstance(item, CodeItem):
        return coding.shown(answer)
    return str(answer)
