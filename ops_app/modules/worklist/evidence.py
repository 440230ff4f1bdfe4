"""Evidence of a case as one readable line: codes and dates, never a name."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from ops_app.i18n import _
from ops_app.modules.worklist.texts import CODES, EVIDENCE, MET


def facts(evidence: str) -> list[tuple[str, str]]:
    """Pairs of (what, value) in the order of reading."""
    stored = _parsed(evidence)
    return [
        (_(title), _shown(stored[name]))
        for name, title in EVIDENCE.items()
        if stored.get(name) is not None and not isinstance(stored[name], list | dict)
    ]


def met(evidence: str) -> list[tuple[str, dt.datetime | None]]:
    """What has been done so far, with its time."""
    done = _parsed(evidence).get("met")
    if not isinstance(done, list):
        return []
    return [
        (_(MET[item["code"]]) if item.get("code") in MET else str(item.get("code", "")), _moment(item.get("at")))
        for item in done
        if isinstance(item, dict)
    ]


def _parsed(evidence: str) -> dict[str, Any]:
    try:
        stored = json.loads(evidence)
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}


def _shown(value: object) -> str:
    text = str(value)
    if text in CODES:
        return _(CODES[text])
    try:
        return dt.date.fromisoformat(text).strftime("%d.%m.%Y") if len(text) == 10 else text
    except ValueError:
        return text


def _moment(value: object) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None
