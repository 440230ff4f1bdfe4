"""One OBX as the laboratory takes it: every type of value the standard knows."""

from __future__ import annotations

import base64
import binascii
import math
import re
from dataclasses import dataclass
from typing import Literal

from ingestion.outcome import NotInterpreted
from ops_app.mechanisms.device_messages.hl7 import Segment, Value
from ops_app.mechanisms.device_messages.hl7_structure import DATA_TYPE
from ops_app.mechanisms.device_messages.hl7_values import day, moment
from ops_app.modules.laboratory.incoming_report import IncomingResult, Status

Comparator = Literal["<", ">", "<=", ">="]

_STATUSES: dict[str, Status] = {
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "I": "preliminary",
    "C": "corrected",
    "D": "cancelled",
    "X": "cancelled",
    "W": "cancelled",
}
NOT_OBSERVED = ("N", "O")
"""OBX-11 of observations that were not asked for or only describe the order."""
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([+-]?\d{1,15}(?:[.,]\d{1,15})?(?:[eE][+-]?\d{1,2})?)")
_COMPARATORS: dict[str, Comparator] = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "=>": ">="}
_TYPES = {
    "PDF": "application/pdf",
    "JPEG": "image/jpeg",
    "JPG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "RTF": "application/rtf",
    "XML": "application/xml",
    "PLAIN": "text/plain",
    "HTML": "text/html",
}
LARGEST_FILE = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Observed:
    """What OBX-5 says."""

    number: float | None = None
    comparator: Comparator | None = None
    code: str | None = None
    text: str | None = None
    file: bytes | None = None
    file_type: str | None = None


def result_of(observation: Segment, number: int, notes: list[Segment], request: Segment) -> IncomingResult | None:
    """The result of one OBX, the ``number``-th of its message; None where it is no result."""
    if observation.text(11) in NOT_OBSERVED:
        return None
    seen = observed(observation, number)
    if seen == Observed() and not notes and observation.text(11) not in _STATUSES:
        return None
    code, system = _code(observation.value(3))
    said = [seen.text, *(note.whole(3) for note in notes)]
    return IncomingResult(
        code=code,
        code_system=system,
        name=observation.text(3, 2) or observation.text(3, 5) or None,
        value_number=seen.number,
        comparator=seen.comparator,
        value_code=seen.code,
        value_text="\n".join(each for each in said if each) or None,
        unit=observation.text(6) or observation.text(6, 2) or None,
        reference=observation.whole(7).strip() or None,
        flag=",".join(filter(None, (each.text(1) for each in observation.repetitions(8)))) or None,
        status=_STATUSES.get(observation.text(11), "final"),
        observed_at=moment(observation.text(14)) or moment(observation.text(19)) or moment(request.text(7)),
        method=observation.text(17, 2) or observation.text(17) or None,
        attachment=seen.file,
        attachment_type=seen.file_type,
    )


def _code(value: Value) -> tuple[str, str]:
    """The code and its system; LOINC wins where both a sender's own code and LOINC are given."""
    pairs = [(value.text(1), value.text(3)), (value.text(4), value.text(6))]
    for code, system in pairs:
        if code and system.upper() in ("LN", "LOINC"):
            return code, "loinc"
    for code, system in pairs:
        if code:
            return code, "saulyq" if system.upper() == "SAULYQ" else system.lower()[:40] or "local"
    return value.text(2) or value.text(5) or "?", "local"


def observed(observation: Segment, number: int) -> Observed:
    """Read OBX-5 by the type OBX-2 names."""
    kind, value = observation.text(2), observation.value(5)
    if not observation.raw(5):
        return Observed()
    match kind:
        case "NM":
            return _numeric(value.text(1)) or Observed(text=observation.whole(5))
        case "SN":
            return _structured(value)
        case "CE" | "CWE" | "CNE" | "CF" | "IS" | "ID" | "CNA":
            codes = [each.text(1) for each in observation.repetitions(5)]
            texts = [each.text(2) or each.text(9) or each.text(5) for each in observation.repetitions(5)]
            return Observed(code="~".join(filter(None, codes)) or None, text="; ".join(filter(None, texts)) or None)
        case "ED":
            return _file(value, number)
        case "RP":
            return Observed(text=" ".join(filter(None, (value.text(part) for part in (1, 2, 3, 4)))))
        case "DT" | "TS" | "DTM":
            at = moment(value.text(1)) if len(value.text(1)) > 8 else None
            only_day = day(value.text(1))
            written = at.isoformat() if at else only_day.isoformat() if only_day else value.text(1)
            return Observed(text=written)
        case "TM":
            time = value.text(1)
            return Observed(text=f"{time[:2]}:{time[2:4]}" if re.fullmatch(r"\d{4}(\d\d)?.*", time) else time)
        case "ST" | "TX" | "FT" | "":
            text = "\n".join(_whole(each) for each in observation.repetitions(5))
            # analysers often send numbers as text; a unit beside it says that it is one
            found = _numeric(text.strip()) if kind != "FT" and observation.raw(6) else None
            return found or Observed(text=text)
    return Observed(text=" ".join(filter(None, (value.text(part) for part in range(1, 10)))) or observation.whole(5))


def _whole(value: Value) -> str:
    parts = [value.text(part) for part in range(1, len(value.components) + 1)]
    return value.delimiters.component.join(parts)


def _numeric(text: str) -> Observed | None:
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    number = float(found.group(2).replace(",", "."))
    if not math.isfinite(number):
        return None
    return Observed(number=number, comparator=_COMPARATORS[found.group(1)] if found.group(1) else None)


def _structured(value: Value) -> Observed:
    """SN: comparator, number, separator, number."""
    sign, first, separator, second = (value.text(part) for part in (1, 2, 3, 4))
    one = _numeric(first)
    if one is not None and not second and not separator and sign in ("", "=", *_COMPARATORS):
        return Observed(number=one.number, comparator=_COMPARATORS.get(sign))
    return Observed(text=f"{sign if sign != '=' else ''}{first}{separator}{second}")


def _file(value: Value, number: int) -> Observed:
    """ED: a file in Base64, in hexadecimal digits or as plain characters."""
    subtype, encoding = value.text(3).upper(), value.text(4).upper()
    data = value.text(5) or (value.components[-1] if len(value.components) < 5 else "")
    try:
        if encoding == "HEX":
            content = bytes.fromhex(data)
        elif encoding in ("A", ""):
            content = data.encode()
        else:
            content = base64.b64decode(re.sub(r"\s|\\\.br\\", "", data), validate=True)
    except (ValueError, binascii.Error):
        content = b""
    if not content or len(content) > LARGEST_FILE or (subtype == "PDF" and not content.startswith(b"%PDF")):
        raise NotInterpreted(
            "The attached file cannot be read", segment="OBX", sequence=number, field=5, code=DATA_TYPE
        )
    return Observed(file=content, file_type=_TYPES.get(subtype, "application/octet-stream"))
