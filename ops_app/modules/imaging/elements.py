"""Walking the elements of a DICOM file: those that the index wants are read, the others skipped, pixels never decoded.

A full parser builds every element of every nested sequence; the index needs forty of them, hundreds of
times a second. The walk also sees what a parser that stops at the pixels cannot: that the end is missing.
PS3.5 chapter 7, PS3.10 chapter 7.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
DEEPEST = 64
LONGEST_VALUE = 16_384
LARGEST_UNPACKED = 512 << 20
"""A megabyte of zeroes deflates to a kilobyte: whoever shows the object would unpack it into memory."""
MOST_ELEMENTS = 5_000_000
"""Ten thousand frames with all their functional groups are a tenth of it."""
_LONG_FORM = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_SHORT_FORM = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN"),
    *(b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}


class Unreadable(Exception):
    """The bytes are no DICOM data set."""


class Truncated(Unreadable):
    """The data set ends in the middle of an element."""


class _Source(Protocol):
    def read(self, count: int, /) -> bytes: ...

    def skip(self, count: int) -> None: ...


class _File:
    """A file from its data set on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = os.fstat(file.fileno()).st_size
        self._at = file.tell()

    def read(self, count: int, /) -> bytes:
        found = self._file.read(count)
        self._at += len(found)
        return found

    def skip(self, count: int) -> None:
        self._at += count
        if self._at > self._end:
            raise Truncated("an element is longer than the file")
        self._file.seek(self._at)


class _Inflated:
    """A deflated data set, unpacked as it is walked and never kept."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        self._ready = b""
        self._at = 0
        self._unpacked = 0

    def read(self, count: int, /) -> bytes:
        while len(self._ready) - self._at < count and self._more():
            pass
        found = self._ready[self._at : self._at + count]
        self._at += len(found)
        return found

    def skip(self, count: int) -> None:
        while count:
            found = len(self.read(min(count, 1 << 20)))
            if not found:
                raise Truncated("an element is longer than the data set")
            count -= found

    def _more(self) -> bool:
        packed = self._unpacking.unconsumed_tail or self._file.read(1 << 16)
        if not packed or self._unpacking.eof:
            return False
        try:
            made = self._unpacking.decompress(packed, 1 << 20)
        except zlib.error as error:
            raise Unreadable(f"the data set cannot be unpacked: {error}") from None
        self._unpacked += len(made)
        if self._unpacked > LARGEST_UNPACKED:
            raise Unreadable(f"the data set unpacks to more than {LARGEST_UNPACKED} bytes")
        self._ready, self._at = self._ready[self._at :] + made, 0
        return True


WANTED = frozenset(
    {
        0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002A,
        0x00080030, 0x00080031, 0x00080032, 0x00080033, 0x00080050, 0x00080060, 0x00080070, 0x00080080, 0x00080090,
        0x00080201, 0x00081010, 0x00081030, 0x0008103E, 0x00081090, 0x00100010, 0x00100020, 0x00100021, 0x00100030,
        0x00100040, 0x00101000, 0x00180015, 0x00180060, 0x00181030, 0x00181150, 0x00181151, 0x00181152, 0x0018115E,
        0x00181411, 0x00185101, 0x00189345, 0x0020000D, 0x0020000E, 0x00200010, 0x00200011, 0x00200013, 0x00200060,
        0x00200062, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00400302, 0x00400316, 0x00408302,
    }
)  # fmt: skip


def is_uid(value: str) -> bool:
    """Whether a text may stand for an object: digits and points, at most 64 of them (PS3.5 chapter 9)."""
    return 0 < len(value) <= 64 and value.replace(".", "").isdigit() and value.isascii()


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk brought: elements of the file's header and of the data set, as bytes."""

    transfer_syntax_uid: str
    meta: Mapping[int, bytes]
    elements: Mapping[int, bytes]
    has_pixels: bool


def dataset_offset(path: Path) -> int:
    """Where the data set of a Part 10 file begins; 0 of a file without the preamble."""
    with path.open("rb") as file:
        return _meta(file)[1]


def walked(path: Path) -> Walked:
    """Walk a file; what the header of the file leaves out is found out from the data set."""
    with path.open("rb") as file:
        meta, offset = _meta(file)
        named = meta.get(0x00020010, b"").rstrip(b"\0 ").decode("ascii", "replace")
        written = _guessed(file, offset)
        syntax = named if is_uid(named) else written
        if syntax == EXPLICIT_BIG and written != IMPLICIT_LITTLE:
            written = syntax
        file.seek(offset)
        source: _Source = _Inflated(file) if syntax == DEFLATED else _File(file)
        elements, has_pixels = _walk(source, syntax if syntax == DEFLATED else written)
    if not elements:
        raise Unreadable("no element that the index knows")
    return Walked(syntax, meta, elements, has_pixels)


def _meta(file: BinaryIO) -> tuple[dict[int, bytes], int]:
    start = file.read(132)
    if start[128:] != b"DICM":
        if start[:2] in (b"\x02\x00",):
            file.seek(0)
        else:
            return {}, 0
    found: dict[int, bytes] = {}
    while True:
        at = file.tell()
        head = file.read(8)
        if len(head) < 8 or head[:2] != b"\x02\x00":
            return found, at
        tag = struct.unpack("<H", head[2:4])[0] | 0x00020000
        if head[4:6] in _LONG_FORM:
            long = file.read(4)
            if len(long) < 4:
                raise Truncated("the header of the file is cut off")
            length = struct.unpack("<L", long)[0]
        elif head[4:6] in _SHORT_FORM:
            length = struct.unpack("<H", head[6:8])[0]
        else:
            length = struct.unpack("<L", head[4:8])[0]
        if length > LONGEST_VALUE and tag == 0x00020010:
            raise Unreadable("the header of the file is damaged")
        found[tag] = file.read(length) if length <= LONGEST_VALUE else b""
        if length > LONGEST_VALUE:
            file.seek(length, os.SEEK_CUR)


def _guessed(file: BinaryIO, offset: int) -> str:
    # A header that promises another way of writing than the data set has is a common fault of old devices.
    file.seek(offset)
    head = file.read(8)
    if len(head) < 8:
        raise Truncated("there is no data set")
    if head[4:6] in _LONG_FORM | _SHORT_FORM:
        return EXPLICIT_BIG if head[0] == 0 and head[1] != 0 else EXPLICIT_LITTLE
    return IMPLICIT_LITTLE


def _walk(source: _Source, syntax: str) -> tuple[dict[int, bytes], bool]:
    explicit = syntax != IMPLICIT_LITTLE
    order = ">" if syntax == EXPLICIT_BIG else "<"
    pair, short, long = struct.Struct(f"{order}HH"), struct.Struct(f"{order}H"), struct.Struct(f"{order}L")
    found: dict[int, bytes] = {}
    has_pixels = False
    last = 0
    # Each open sequence or item of undefined length: whether it is a sequence, and how its elements are written.
    stack: list[tuple[bool, bool]] = []
    for _number in range(MOST_ELEMENTS):
        head = source.read(8)
        if not head:
            break
        if len(head) < 8:
            if not stack and not head.strip(b"\0"):
                break
            raise Truncated("the data set ends inside an element")
        group, element = pair.unpack(head[:4])
        tag = group << 16 | element
        if group == 0xFFFE:
            length = long.unpack(head[4:])[0]
            _delimiter(source, stack, tag, length)
            continue
        if stack and stack[-1][0]:
            raise Unreadable("a sequence holds something else than items")
        explicit = stack[-1][1] if stack else syntax != IMPLICIT_LITTLE
        vr = head[4:6] if explicit else b""
        if explicit and vr not in _SHORT_FORM and vr not in _LONG_FORM:
            if not stack and not head.strip(b"\0"):
                # zero padding after the last element
                break
            raise Unreadable(f"element {tag:08X} has no value representation")
        if vr in _LONG_FORM:
            written = source.read(4)
            if len(written) < 4:
                raise Truncated("the data set ends inside an element")
            length = long.unpack(written)[0]
        else:
            length = short.unpack(head[6:])[0] if explicit else long.unpack(head[4:])[0]
        if not stack:
            if tag == 0 and last:
                break
            last = tag
        if length == UNDEFINED:
            if group == 0x7FE0:
                has_pixels = True
                _skip_fragments(source, long)
            else:
                if len(stack) >= DEEPEST:
                    raise Unreadable("sequences are nested too deeply")
                # CP-246: an unknown sequence of undefined length is written with implicit value representation
                stack.append((True, explicit and vr != b"UN"))
        elif not stack and tag in WANTED and length <= LONGEST_VALUE:
            value = source.read(length)
            if len(value) < length:
                raise Truncated("the data set ends inside an element")
            found[tag] = value
        else:
            has_pixels = has_pixels or (not stack and tag in (PIXEL_DATA, 0x7FE00008, 0x7FE00009) and length > 0)
            source.skip(length)
    else:
        raise Unreadable(f"the data set has more than {MOST_ELEMENTS} elements")
    if stack:
        raise Truncated("the data set ends inside a sequence")
    return found, has_pixels


def _delimiter(source: _Source, stack: list[tuple[bool, bool]], tag: int, length: int) -> None:
    if not stack:
        raise Unreadable("an item outside a sequence")
    in_sequence, explicit = stack[-1]
    if tag == ITEM and in_sequence:
        if length == UNDEFINED:
            stack.append((False, explicit))
        else:
            source.skip(length)
    elif (tag == ITEM_END and not in_sequence) or (tag == SEQUENCE_END and in_sequence):
        stack.pop()
    else:
        raise Unreadable("items of a sequence do not fit together")


def _skip_fragments(source: _Source, long: struct.Struct) -> None:
    while True:
        head = source.read(8)
        if len(head) < 8:
            raise Truncated("the pixel data ends inside a fragment")
        length = long.unpack(head[4:])[0]
        if head[:4] == b"\xfe\xff\x00\xe0":
            source.skip(length)
        elif head[:4] == b"\xfe\xff\xdd\xe0":
            return
        else:
            raise Unreadable("the pixel data is no sequence of fragments")
