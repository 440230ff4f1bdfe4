"""Evidence of a case in one readable line: codes and dates become words."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from dashboards.place import Tree
from dashboards.texts import Texts

DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T|$)")
LEFT_OUT = {"rule_version", "owner_role", "class", "purpose"}
"""Stand in columns of their own, or say nothing to the reader."""


def line(texts: Texts, tree: Tree, evidence: str | None) -> str:
    """``I21.1 · discharged 20.11.2026 · …``; an unknown key is shown as it is rather than lost."""
    known: dict[str, Any] = json.loads(evidence or "{}")
    parts = []
    for key, value in known.items():
        if key in LEFT_OUT or value is None or value == [] or value is False:
            continue
        if key == "met":
            parts.append(f"{texts('fact.met')}: {', '.join(_met(texts, one) for one in value)}")
            continue
        if key == "facility":
            shown = tree.name(int(value))
        elif isinstance(value, list):
            shown = ", ".join(_value(texts, key, one) for one in value)
        else:
            shown = "" if value is True else _value(texts, key, value)
        parts.append(f"{texts.term('fact', key)} {shown}".strip() if key != "icd10" else shown)
    return " · ".join(parts)


def event(texts: Texts, case_id: str) -> str:
    """``encounter:123`` in words; of a pseudonym the first eight signs, which one can say aloud."""
    parts = case_id.split(":")
    if parts[0] == "screening":
        return f"{texts('table.screening')} {parts[2]} · {parts[3][:8]}"
    return f"{texts.term('table', parts[-2])} {parts[-1]}"


def _met(texts: Texts, one: dict[str, str]) -> str:
    return f"{texts.term('met', one['code'])} {day(one['at'])}"


def _value(texts: Texts, key: str, value: object) -> str:
    if isinstance(value, dict):
        return " ".join(_value(texts, name, part) for name, part in value.items())
    text = str(value)
    return day(text) if DATE.match(text) else texts.term(key, text)


def day(value: str | dt.date | None) -> str:
    """A date as people write it."""
    if value is None:
        return "–"
    date = value if isinstance(value, dt.date) else dt.date.fromisoformat(value[:10])
    return date.strftime("%d.%m.%Y")
