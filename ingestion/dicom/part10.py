"""The beginning of a stored file: preamble and file meta information (PS3.10 section 7.1)."""

from __future__ import annotations

import struct

from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION

from ingestion.dicom.commands import StoreRequest


def file_head(request: StoreRequest, transfer_syntax_uid: str) -> bytes:
    """What stands before the data set of a request that came in this transfer syntax."""
    body = b"".join(
        (
            # a long form: two reserved bytes, a length of four
            struct.pack("<HH2sHL", 2, 1, b"OB", 0, 2) + b"\0\1",
            _text(0x0002, b"UI", request.sop_class_uid, b"\0"),
            _text(0x0003, b"UI", request.sop_uid, b"\0"),
            _text(0x0010, b"UI", transfer_syntax_uid, b"\0"),
            _text(0x0012, b"UI", PYNETDICOM_IMPLEMENTATION_UID, b"\0"),
            _text(0x0013, b"SH", PYNETDICOM_IMPLEMENTATION_VERSION, b" "),
        )
    )
    return b"\0" * 128 + b"DICM" + struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(body)) + body


def _text(element: int, vr: bytes, text: str, padding: bytes) -> bytes:
    value = text.encode("ascii", "replace")
    value += padding * (len(value) % 2)
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value
