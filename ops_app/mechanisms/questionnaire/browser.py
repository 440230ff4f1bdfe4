"""The definition as the browser gets it: shapes, trees of the formulas, texts in the language of the request."""

from __future__ import annotations

from typing import Any

from ops_app.i18n import _
from ops_app.mechanisms.questionnaire.answers import range_message
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import (
    BodyMapItem,
    BooleanItem,
    CalculatedItem,
    CellItem,
    ChoiceItem,
    Item,
    NumberItem,
    TableItem,
)


def browser_model(compiled: Compiled) -> dict[str, Any]:
    """What ``expression.js`` and the modules of ``form.js`` work with."""
    definition = compiled.definition
    return {
        "trees": compiled.trees,
        "sections": [
            {"id": section.id, "items": [_item(item) for item in section.items]} for section in definition.sections
        ],
        "score": {"decimals": definition.score.decimals} if definition.score else None,
        "bands": [
            {"from": band.from_, "to": band.to, "tone": band.tone, "text": _reading(band.scheme, band.label)}
            for band in definition.bands
        ],
        "alerts": [{"text": str(alert.label)} for alert in definition.alerts],
        "rules": [{"text": str(rule.label)} for rule in definition.rules],
        "messages": {
            "required": _("Fill in this field"),
            "number": _("Write a number, for example 36,6"),
            "code": _("Choose a code from the list"),
            "date": _("Write a date, for example 20.11.2026, 20 11, today or +3"),
            "saved": _("saved"),
            "unsaved": _("not saved: the connection is lost, trying again"),
            "changed": _("Somebody else changed this form: open it again before you go on"),
            "incomplete": _("not all is answered yet"),
            "correct": _("To correct"),
            "row_emptied": _("The row is emptied"),
            "point_removed": _("The place is removed"),
            "signature_cleared": _("The signature is removed"),
            "sign": _("Sign here, or say that the paper is signed"),
            "signer": _("Write who signs"),
            "sign_again": _("The answers changed after this signature: sign again"),
        },
    }


def _reading(scheme: object, label: object) -> str:
    return f"{scheme}: {label}" if scheme else str(label)


def _item(item: Item | CellItem) -> dict[str, Any]:
    told: dict[str, Any] = {"id": item.id, "type": item.type, "required": item.required, "scored": item.is_scored}
    if isinstance(item, NumberItem):
        told |= {"min": item.min, "max": item.max, "decimals": item.decimals, "range": range_message(item)}
        if item.point_bands:
            told["point_bands"] = [band.model_dump() for band in item.point_bands]
    elif isinstance(item, ChoiceItem):
        told["multiple"] = item.multiple
        told["options"] = [{"value": option.value, "points": option.points} for option in item.options]
    elif isinstance(item, BooleanItem):
        told["points"] = item.points
    elif isinstance(item, CalculatedItem):
        told["decimals"] = item.decimals
    elif isinstance(item, BodyMapItem):
        told["max_points"] = item.max_points
    elif isinstance(item, TableItem):
        told["columns"] = [_item(column) for column in item.columns]
        told["rows"] = [{"id": row.id, "values": row.values} for row in item.rows] if item.rows else None
        told["max_rows"] = item.max_rows
    return told
