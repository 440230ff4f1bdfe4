"""The two command sets that a stored object costs, read and written as bytes (PS3.7 sections 6.3 and 9.3.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

C_STORE_REQUEST, C_STORE_RESPONSE = 0x0001, 0x8001
NO_DATA_SET = 0x0101
_CLASS, _FIELD, _MESSAGE, _DATA_SET, _STATUS, _OBJECT = 0x0002, 0x0100, 0x0110, 0x0800, 0x0900, 0x1000
_ANSWERED = 0x0120


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """What a C-STORE request announces."""

    context_id: int
    message_id: int
    sop_class_uid: str
    sop_uid: str


def store_request(context_id: int, command: bytes) -> StoreRequest | None:
    """The request in a command set; None when it is another one or does not say what it brings."""
    found = _elements(command)
    try:
        if _number(found[_FIELD]) != C_STORE_REQUEST or _number(found[_DATA_SET]) == NO_DATA_SET:
            return None
        return StoreRequest(context_id, _number(found[_MESSAGE]), _uid(found[_CLASS]), _uid(found[_OBJECT]))
    except (KeyError, struct.error):
        return None


def store_response(request: StoreRequest, status: int) -> bytes:
    """The command set that answers a request."""
    body = b"".join(
        (
            _element(_CLASS, _padded(request.sop_class_uid)),
            _element(_FIELD, struct.pack("<H", C_STORE_RESPONSE)),
            _element(_ANSWERED, struct.pack("<H", request.message_id)),
            _element(_DATA_SET, struct.pack("<H", NO_DATA_SET)),
            _element(_STATUS, struct.pack("<H", status)),
            _element(_OBJECT, _padded(request.sop_uid)),
        )
    )
    return _element(0x0000, struct.pack("<L", len(body))) + body


def p_data(context_id: int, command: bytes, largest: int) -> bytes:
    """A command set as P-DATA-TF PDUs no larger than the other side takes; 0: any size (PS3.8 section 9.3.5)."""
    room = max(largest - 6, 2) if largest else len(command)
    pdus = []
    for at in range(0, len(command), room):
        piece = command[at : at + room]
        control = 0x03 if at + room >= len(command) else 0x01
        pdus.append(struct.pack(">BBLLBB", 0x04, 0, len(piece) + 6, len(piece) + 2, context_id, control) + piece)
    return b"".join(pdus)


def _elements(command: bytes) -> dict[int, bytes]:
    """Elements of group 0000 by their number; always implicit and little endian."""
    found, at = {}, 0
    while at + 8 <= len(command):
        group, element, length = struct.unpack_from("<HHL", command, at)
        if group == 0:
            found[element] = command[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(value)) + value


def _number(value: bytes) -> int:
    return int(struct.unpack("<H", value)[0])


def _uid(value: bytes) -> str:
    return value.rstrip(b"\0 ").decode("ascii", "replace").strip()


def _padded(uid: str) -> bytes:
    value = uid.encode("ascii", "replace")
    return value + b"\0" * (len(value) % 2)
