"""Answers of a worked example as a browser posts them."""

from __future__ import annotations

from typing import Any

from ops_app.kit import clock
from ops_app.kit.dates import show_date, show_time


def as_fields(answers: dict[str, Any]) -> dict[str, Any]:
    """Field names and texts."""
    fields: dict[str, Any] = {}
    for item, answer in answers.items():
        if isinstance(answer, dict):
            for row, cells in answer.items():
                for column, value in cells.items():
                    fields[f"q-{item}--{row}--{column}"] = _text(value)
        elif isinstance(answer, list) and answer and isinstance(answer[0], dict):
            for number, cells in enumerate(answer):
                for column, value in cells.items():
                    fields[f"q-{item}--{number}--{column}"] = _text(value)
        else:
            fields[f"q-{item}"] = [_text(value) for value in answer] if isinstance(answer, list) else _text(answer)
    return fields


def _text(value: Any) -> str:
    if value is True:
        return "1"
    return str(value).replace(".", ",") if isinstance(value, float) else str(value)


def moment() -> dict[str, str]:
    """The day and time fields of now."""
    now = clock.local(clock.now())
    return {"date": show_date(now), "time": show_time(now)}
