"""The values that the index needs of a DICOM file, in their types: texts in any character set, numbers, moments."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.charset import convert_encodings, decode_bytes

from ops_app.kit import clock
from ops_app.modules.imaging.elements import EXPLICIT_BIG, is_uid, walked


@dataclass(frozen=True, slots=True)
class Header:
    """The elements found, as bytes, with what is needed to read them."""

    transfer_syntax_uid: str
    meta: Mapping[int, bytes]
    elements: Mapping[int, bytes]
    has_pixels: bool
    encodings: list[str] = field(default_factory=list)

    def uid(self, tag: int) -> str | None:
        """A unique identifier; None when it is missing or is none."""
        value = self.elements.get(tag, b"").rstrip(b"\0 ").decode("ascii", "replace").strip()
        return value if is_uid(value) else None

    def text(self, tag: int) -> str | None:
        """A text in its declared or, when none is declared, most likely character set."""
        raw = self.elements.get(tag, b"").strip(b"\0 ")
        if not raw:
            return None
        # PostgreSQL keeps no zero bytes
        return _decoded(raw, self.encodings).replace("\0", "").strip() or None

    def code(self, tag: int) -> str | None:
        """The first value of a coded text."""
        value = self.text(tag)
        return (value.split("\\")[0].strip()[:64] or None) if value else None

    def number(self, tag: int) -> float | None:
        """The first of decimal strings, or a binary floating point number."""
        raw = self.elements.get(tag)
        if raw is None:
            return None
        if tag in _DOUBLES:
            if len(raw) < 8:
                return None
            value = struct.unpack(">d" if self.transfer_syntax_uid == EXPLICIT_BIG else "<d", raw[:8])[0]
        else:
            try:
                value = float(raw.split(b"\\")[0].strip(b"\0 ").decode("ascii"))
            except ValueError:
                return None
        # JSON knows neither infinity nor not-a-number
        return value if abs(value) < 1e15 else None

    def whole(self, tag: int) -> int | None:
        """A whole number, written or binary."""
        raw = self.elements.get(tag)
        if raw is None:
            return None
        if tag in _SHORTS:
            if len(raw) < 2:
                return None
            return int(struct.unpack(">H" if self.transfer_syntax_uid == EXPLICIT_BIG else "<H", raw[:2])[0])
        value = self.number(tag)
        return int(value) if value is not None and abs(value) < 2**31 else None

    def moment(self, date: int, time: int) -> dt.datetime | None:
        """A date and a time of the device's clock, local unless the object names an offset."""
        day, clock_time = self.code(date), self.code(time)
        found = _date(day)
        if found is None:
            return None
        at = _time(clock_time)
        offset = _offset(self.code(0x00080201))
        try:
            if offset is not None:
                return dt.datetime.combine(found, at, tzinfo=offset).astimezone(dt.UTC)
            return clock.from_local(found, at)
        except OverflowError:
            return None


_SHORTS = frozenset({0x00280010, 0x00280011, 0x00280100, 0x00400302})
_DOUBLES = frozenset({0x00189345})


def read(path: Path) -> Header:
    """Walk a file and make its values readable."""
    found = walked(path)
    encodings = _encodings(found.elements.get(0x00080005))
    return Header(found.transfer_syntax_uid, found.meta, found.elements, found.has_pixels, encodings)


def _encodings(declared: bytes | None) -> list[str]:
    if not declared or not declared.strip(b"\0 "):
        return []
    names = [part.strip() for part in declared.decode("ascii", "replace").strip("\0 ").split("\\")]
    try:
        return list(convert_encodings(names))
    # an unknown name is the same as none
    except (LookupError, ValueError):
        return []


def _decoded(raw: bytes, encodings: list[str]) -> str:
    if encodings and encodings != ["iso8859"]:
        try:
            return str(decode_bytes(raw, encodings, {0x5C, 0x5E, 0x3D}))
        except (LookupError, ValueError):
            pass
    if raw.isascii():
        return raw.decode("ascii")
    # Nothing or only Latin letters declared: most devices here then send Cyrillic in one of these two.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("iso8859" if encodings else "cp1251", "replace")


def _date(text: str | None) -> dt.date | None:
    digits = (text or "").replace(".", "").replace("-", "")
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if digits.isdecimal() else None
    except ValueError:
        return None


def _time(text: str | None) -> dt.time:
    digits = (text or "").replace(":", "").split(".")[0].ljust(6, "0")
    try:
        return dt.time(int(digits[:2]), int(digits[2:4]), min(int(digits[4:6]), 59))
    except ValueError:
        return dt.time()


def _offset(text: str | None) -> dt.timezone | None:
    if not text or len(text) != 5 or text[0] not in "+-" or not text[1:].isdigit():
        return None
    minutes = int(text[1:3]) * 60 + int(text[3:])
    try:
        return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))
    except ValueError:
        return None
