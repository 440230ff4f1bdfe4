"""Cells of an old Excel file (BIFF8 in an OLE container): text and numbers, nothing else.

Sources: MS-CFB and MS-XLS. Only what files of results hold is read; formulas give their stored value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Cell = str | float | bool | None

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_BOF, _EOF, _BOUNDSHEET, _SST, _CONTINUE = 0x809, 0x0A, 0x85, 0xFC, 0x3C
_LABELSST, _LABEL, _NUMBER, _RK, _MULRK = 0xFD, 0x204, 0x203, 0x27E, 0xBD
_BOOLERR, _FORMULA, _STRING = 0x205, 0x06, 0x207
_END = 0xFFFFFFF8


class BadSheet(Exception):
    """The file is damaged or of another kind."""


def sheets(data: bytes) -> dict[str, list[list[Cell]]]:
    """Rows of every sheet by its name."""
    try:
        return _sheets(_workbook(data))
    except (struct.error, IndexError, KeyError, UnicodeDecodeError, OverflowError) as broken:
        raise BadSheet from broken


def _workbook(data: bytes) -> bytes:
    if data[:8] != SIGNATURE:
        raise BadSheet
    sector = 1 << struct.unpack_from("<H", data, 30)[0]
    mini = 1 << struct.unpack_from("<H", data, 32)[0]
    if sector not in (512, 4096) or mini != 64:
        raise BadSheet
    directory, cutoff, mini_fat = struct.unpack_from("<I4xII", data, 48)
    fat = [
        number
        for place in struct.unpack_from("<109I", data, 76)
        if place < _END
        for number in struct.unpack_from(f"<{sector // 4}I", data, (place + 1) * sector)
    ]

    def chain(first: int, table: list[int]) -> Iterator[int]:
        seen = 0
        while first < _END:
            yield first
            first, seen = table[first], seen + 1
            if seen > len(table):
                raise BadSheet

    def stream(first: int) -> bytes:
        return b"".join(data[(n + 1) * sector : (n + 2) * sector] for n in chain(first, fat))

    entries = stream(directory)
    root: bytes | None = None
    for at in range(0, len(entries), 128):
        entry = entries[at : at + 128]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le")
        first, size = struct.unpack_from("<IQ", entry, 116)
        if entry[66] == 5:
            root = stream(first)
        elif name in ("Workbook", "Book"):
            if size >= cutoff:
                return _whole(stream(first), size)
            listed = stream(mini_fat)
            table = list(struct.unpack(f"<{len(listed) // 4}I", listed))
            small = root or b""
            return _whole(b"".join(small[n * mini : (n + 1) * mini] for n in chain(first, table)), size)
    raise BadSheet


def _whole(stream: bytes, size: int) -> bytes:
    """The stream as long as the directory says; of a file that was cut off the last rows are missing."""
    if len(stream) < size:
        raise BadSheet
    return stream[:size]


def _records(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    at = start
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def _sheets(book: bytes) -> dict[str, list[list[Cell]]]:
    places: list[tuple[str, int]] = []
    parts: list[bytes] = []
    collecting = False
    for kind, body in _records(book):
        if kind == _BOUNDSHEET:
            place, length, is_wide = struct.unpack_from("<I", body)[0], body[6], body[7] & 1
            name = body[8 : 8 + length * (2 if is_wide else 1)].decode("utf-16-le" if is_wide else "latin-1")
            places.append((name, place))
        elif kind == _SST:
            parts, collecting = [body], True
        elif kind == _CONTINUE and collecting:
            parts.append(body)
        elif kind == _EOF:
            break
        else:
            collecting = False
    strings = _strings(parts) if parts else []
    return {name: _cells(book, place, strings) for name, place in places}


def _strings(parts: list[bytes]) -> list[str]:
    number = struct.unpack_from("<I", parts[0], 4)[0]
    part, at = 0, 8
    found: list[str] = []
    for _ in range(number):
        if at >= len(parts[part]):
            part, at = part + 1, 0
        length, flags = struct.unpack_from("<HB", parts[part], at)
        at += 3
        runs = struct.unpack_from("<H", parts[part], at)[0] if flags & 8 else 0
        at += 2 if flags & 8 else 0
        extra = struct.unpack_from("<I", parts[part], at)[0] if flags & 4 else 0
        at += 4 if flags & 4 else 0
        text = ""
        while len(text) < length:
            wide = flags & 1
            room = (len(parts[part]) - at) // (2 if wide else 1)
            take = min(room, length - len(text))
            raw = parts[part][at : at + take * (2 if wide else 1)]
            text += raw.decode("utf-16-le" if wide else "latin-1")
            at += len(raw)
            if len(text) < length:
                # the rest of a string in a continuation begins with its own flag
                part, at = part + 1, 1
                flags = (flags & ~1) | (parts[part][0] & 1)
        at += runs * 4 + extra
        while at > len(parts[part]) and part + 1 < len(parts):
            at -= len(parts[part])
            part += 1
        found.append(text)
    return found


def _cells(book: bytes, place: int, strings: list[str]) -> list[list[Cell]]:
    found: dict[tuple[int, int], Cell] = {}
    formula: tuple[int, int] | None = None
    for number, (kind, body) in enumerate(_records(book, place)):
        if number == 0 and kind != _BOF:
            raise BadSheet
        if kind == _EOF:
            break
        if kind in (_LABELSST, _LABEL, _NUMBER, _RK, _BOOLERR, _FORMULA, _MULRK):
            row, column = struct.unpack_from("<HH", body)
        if kind == _LABELSST:
            found[row, column] = strings[struct.unpack_from("<I", body, 6)[0]]
        elif kind == _LABEL:
            length, wide = struct.unpack_from("<HB", body, 6)
            found[row, column] = body[9 : 9 + length * (1 + (wide & 1))].decode("utf-16-le" if wide & 1 else "latin-1")
        elif kind == _NUMBER:
            found[row, column] = struct.unpack_from("<d", body, 6)[0]
        elif kind == _RK:
            found[row, column] = _rk(struct.unpack_from("<I", body, 6)[0])
        elif kind == _MULRK:
            for position in range((len(body) - 6) // 6):
                found[row, column + position] = _rk(struct.unpack_from("<I", body, 6 + position * 6)[0])
        elif kind == _BOOLERR:
            found[row, column] = None if body[7] else bool(body[6])
        elif kind == _FORMULA:
            formula = (row, column)
            if body[12:14] != b"\xff\xff":
                found[formula] = struct.unpack_from("<d", body, 6)[0]
        elif kind == _STRING and formula is not None:
            length, wide = struct.unpack_from("<HB", body)
            found[formula] = body[3 : 3 + length * (1 + (wide & 1))].decode("utf-16-le" if wide & 1 else "latin-1")
    if not found:
        return []
    width = max(column for _row, column in found) + 1
    return [[found.get((row, column)) for column in range(width)] for row in range(max(row for row, _ in found) + 1)]


def _rk(raw: int) -> float:
    if raw & 2:
        value = float(struct.unpack("<i", struct.pack("<I", raw))[0] >> 2)
    else:
        value = struct.unpack("<d", struct.pack("<Q", (raw & 0xFFFFFFFC) << 32))[0]
    return value / 100 if raw & 1 else value
