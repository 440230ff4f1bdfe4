"""Hours of a day as people write them: ``8-12, 13:00–17:00``; a shift that ends before it begins ends the next day."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator

from ops_app.i18n import _
from ops_app.kit.dates import parse_time

Shift = tuple[dt.time, dt.time]
WRITTEN = "^[0-9]{2}:[0-9]{2}–[0-9]{2}:[0-9]{2}(, [0-9]{2}:[0-9]{2}–[0-9]{2}:[0-9]{2})*$"
"""How hours are stored and shown."""
_SHIFT = re.compile(r"\s*([0-9:.]{1,5})\s*[-–—]\s*([0-9:.]{1,5})\s*")


def parse_shifts(text: str) -> list[Shift] | None:
    """Read the shifts of a day in the order of time; None where the text is none or two of them overlap."""
    found: list[Shift] = []
    for written in re.split(r"[,;]", text):
        match = _SHIFT.fullmatch(written)
        starts, ends = (parse_time(match[1]), _end(match[2])) if match else (None, None)
        if starts is None or ends is None:
            return None
        found.append((starts, ends))
    found.sort()
    passes_midnight = [ends <= starts for starts, ends in found[:-1]]
    if any(passes_midnight) or any(later[0] < earlier[1] for earlier, later in pairwise(found)):
        return None
    return found


def _end(text: str) -> dt.time | None:
    return dt.time() if text in ("24", "24:00", "24.00") else parse_time(text)


def show_shifts(shifts: list[Shift]) -> str:
    """08:00–12:00, 13:00–17:00."""
    return ", ".join(f"{starts:%H:%M}–{ends:%H:%M}" for starts, ends in shifts)


def minutes_of(shift: Shift) -> tuple[int, int]:
    """Beginning and end in minutes from midnight; the end may lie on the next day."""
    starts, ends = (time.hour * 60 + time.minute for time in shift)
    return starts, ends if ends > starts else ends + 24 * 60


def _shifts_input(value: str) -> str:
    found = parse_shifts(value)
    if found is None:
        raise ValueError(_("Write hours that do not overlap, for example 8:00–12:00, 13:00–17:00"))
    return show_shifts(found)


ShiftsInput = Annotated[str, AfterValidator(_shifts_input)]
"""A form field that accepts the hours of a day."""
