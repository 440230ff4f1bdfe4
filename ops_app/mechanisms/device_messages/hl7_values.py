"""Values of HL7 fields as Python has them: moments, names, sex."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from ops_app.kit.clock import LOCAL_ZONE
from ops_app.mechanisms.device_messages.hl7 import Value

_MOMENT = re.compile(r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)?(\d\d)?(?:[.,](\d{1,6})\d*)?)?\s*([+-]\d{4}|Z)?")
_SEX: dict[str, Literal["male", "female"]] = {"M": "male", "М": "male", "F": "female", "Ж": "female", "Е": "male"}


def moment(text: str) -> dt.datetime | None:
    """A time stamp in UTC; without an offset it is local. None where it says less than a day or nonsense."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None or found.group(3) is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    zone: dt.tzinfo = LOCAL_ZONE
    try:
        if offset and offset != "Z":
            shift = dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
            zone = dt.timezone(-shift if offset[0] == "-" else shift)
        elif offset:
            zone = dt.UTC
        microsecond = int((fraction or "0").ljust(6, "0"))
        made = dt.datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microsecond, zone
        )
        return made.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> dt.date | None:
    """A calendar day as written; None where it says less or nonsense."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None or found.group(3) is None:
        return None
    try:
        return dt.date(int(found.group(1)), int(found.group(2)), int(found.group(3)))
    except ValueError:
        return None


def sex(text: str) -> Literal["male", "female"] | None:
    """M and F, also in Cyrillic."""
    return _SEX.get(text.strip().upper()[:1])


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name; parts that were not sent are empty."""

    family: str
    given: str
    patronymic: str

    @property
    def full(self) -> str:
        """As one line."""
        return " ".join(part for part in (self.family, self.given, self.patronymic) if part)


def name(value: Value) -> Name:
    """XPN or XCN without its number: family, given, second name; a whole name in the first part is taken apart."""
    family, given, patronymic = (value.text(part) for part in (1, 2, 3))
    if family and not given and " " in family:
        parts = family.split()
        family, given, patronymic = parts[0], parts[1], " ".join(parts[2:])
    return Name(family, given, patronymic)
