"""Reading a posted form with repeating rows (``diagnoses-0-icd10``) as one nested model."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ops_app.kit.form_fields import Form, Posted, message_of

M = TypeVar("M", bound=BaseModel)

_ROW_FIELD = re.compile(r"^([a-z_]+)-(\d{1,3})-([a-z0-9_]+)$")
# A row counts as filled in when one of these is; its selects always have a value.
_TELLING = {"diagnoses": ("icd10",), "services": ("code",), "referrals": ("category",), "prescriptions": ("code",)}


def check_rows(posted: Posted, model: type[M]) -> Form[M]:
    """Check a form with rows; errors are named as the fields are: ``diagnoses-0-icd10``."""
    raw: dict[str, Any] = {}
    rows: dict[str, dict[int, dict[str, str]]] = {}
    for name, value in posted.data.multi_items():
        if not isinstance(value, str) or not value.strip():
            continue
        raw[name] = value.strip()
        found = _ROW_FIELD.match(name)
        if found:
            rows.setdefault(found[1], {}).setdefault(int(found[2]), {})[found[3]] = value.strip()
    values: dict[str, Any] = {name: value for name, value in raw.items() if name in model.model_fields}
    numbers: dict[str, list[int]] = {}
    for group, telling in _TELLING.items():
        filled = {
            number: row for number, row in sorted(rows.get(group, {}).items()) if any(row.get(name) for name in telling)
        }
        numbers[group] = list(filled)
        values[group] = list(filled.values())
    try:
        return Form(raw, {}, model.model_validate(values))
    except ValidationError as refused:
        errors: dict[str, str] = {}
        for problem in refused.errors():
            errors.setdefault(_field(problem["loc"], numbers), message_of(problem))
        return Form(raw, errors)


def _field(loc: tuple[int | str, ...], numbers: dict[str, list[int]]) -> str:
    if len(loc) >= 3 and isinstance(loc[1], int) and loc[0] in numbers:
        return f"{loc[0]}-{numbers[str(loc[0])][loc[1]]}-{loc[2]}"
    return str(loc[0]) if loc else ""


def row_numbers(form: Form[Any], group: str, at_least: int) -> list[int]:
    """Numbers of the rows a form shows: those sent, and empty ones up to a minimum."""
    sent = {int(found[2]) for name in form.raw if (found := _ROW_FIELD.match(name)) and found[1] == group}
    return sorted(sent | set(range(at_least)))
