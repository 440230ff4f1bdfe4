"""A filled-in form in words, as it is frozen and printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops_app.i18n import _
from ops_app.mechanisms.questionnaire.answers import shown
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import BooleanItem, CalculatedItem, ChoiceItem, NoteItem, TableItem
from ops_app.mechanisms.questionnaire.scoring import Outcome, table_rows
from ops_app.modules.visits.vitals import show_unit


def in_words(compiled: Compiled, answers: Mapping[str, Any], result: Outcome) -> list[list[str]]:
    """Questions with their answers in the language of the moment; what was not answered is left out."""
    found = []
    for item in compiled.definition.items:
        if item.id not in result.visible or isinstance(item, NoteItem):
            continue
        answer = result.values.get(item.id) if isinstance(item, CalculatedItem) else answers.get(item.id)
        if answer in (None, "", [], {}):
            continue
        found.append([str(item.label), _text(item, answer)])
    return found


def _text(item: Any, answer: Any) -> str:
    if isinstance(item, ChoiceItem):
        codes = answer if isinstance(answer, list) else [answer]
        return "; ".join(str(option.label) for option in item.options if option.value in codes)
    if isinstance(item, BooleanItem):
        return _("yes") if answer is True else _("no")
    if isinstance(item, TableItem):
        rows = [
            ", ".join(_text(column, row[column.id]) for column in item.columns if column.id in row)
            for _key, row in table_rows(item, answer)
        ]
        return "; ".join(filter(None, rows))
    unit = getattr(item, "unit", None)
    return f"{shown(item, answer)} {show_unit(unit) if unit else ''}".strip()
