"""Values, times and units of a result as analysers write them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from ops_app.kit import clock

Comparator = Literal["<", ">", "<=", ">="]

_NUMBER = re.compile(r"^(<=|>=|<|>|≤|≥)?\s*([+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)$")
_COMPARATORS: dict[str, Comparator] = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}
_STATUS = {"P": "preliminary", "C": "corrected", "X": "cancelled", "I": "preliminary"}


def number(text: str) -> tuple[Comparator | None, float] | None:
    """``< 1.20`` as a comparator and a number; None for words."""
    found = _NUMBER.match(text.strip())
    if found is None:
        return None
    return _COMPARATORS.get(found[1] or ""), float(found[2].replace(",", "."))


def moment(text: str) -> dt.datetime | None:
    """``YYYYMMDDHHMMSS`` of the laboratory's clock; None for what is no time."""
    digits = text.strip()
    for length, pattern in ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (8, "%Y%m%d")):
        if len(digits) == length and digits.isdigit():
            try:
                parsed = dt.datetime.strptime(digits, pattern)  # noqa: DTZ007
            except ValueError:
                return None
            return clock.from_local(parsed.date(), parsed.time())
    return None


def day(text: str) -> dt.date | None:
    """A birth date."""
    found = moment(text.strip()[:8])
    return clock.local(found).date() if found else None


def status(code: str) -> Literal["preliminary", "final", "corrected", "cancelled"]:
    """What R-9 says; final when it says nothing."""
    return _STATUS.get(code.upper(), "final")  # type: ignore[return-value]
