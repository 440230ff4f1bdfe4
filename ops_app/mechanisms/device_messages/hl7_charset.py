"""In which letters an HL7 message is written: as MSH-18 declares, or as its bytes tell."""

from __future__ import annotations

import codecs
import re

DECLARED = {
    "ASCII": None,
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "CP1251": "cp1251",
    "WINDOWS-1251": "cp1251",
    "WIN1251": "cp1251",
    "CP866": "cp866",
    "IBM866": "cp866",
    "KOI8-R": "koi8-r",
    "GB 18030-2000": "gb18030",
}
"""Names of HL7 table 0211 and those that senders of this region use instead."""
UNDECLARED = "cp1251"
"""What bytes that are no UTF-8 are taken for: the table older systems of this country write."""

_HEADER = re.compile(rb"MSH([^A-Za-z0-9\s])([^\r\n]*)")


def declared(raw: bytes) -> str | None:
    """The name in MSH-18: the first that says more than ASCII."""
    header = _HEADER.search(raw[:65536])
    if header is None:
        return None
    separator, rest = header.group(1), header.group(2)
    fields = rest.split(separator)
    if len(fields) < 17:
        return None
    repetition = fields[0][1:2] or b"~"
    for name in fields[16].split(repetition):
        text = name.decode("ascii", "replace").strip().upper()
        if text and text != "ASCII":
            return text
    return None


def decoded(raw: bytes, default: str | None = None) -> tuple[str, str]:
    """The text of a message and the Python name of the set it was read in; never fails."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace"), "utf-16"
    named = DECLARED.get(declared(raw) or "ASCII")
    # a declaration that its own bytes contradict is a sender's default nobody changed
    for charset in (named, "utf-8", default, UNDECLARED):
        if charset is None or (charset in ("utf-16", "utf-32") and not raw.startswith(b"\x00")):
            continue
        try:
            return raw.decode(charset), charset
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("latin-1"), "iso8859-1"
