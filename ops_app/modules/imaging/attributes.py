"""Attributes of an object as JSON, and what is too long for it as bytes under an address of its own.

PS3.18 annex F and chapter 10.4.1.1.5. What one attribute holds against the rules of its representation takes nothing
else away: a library that drops the whole element leaves a viewer without the UID of a real image.
"""

from __future__ import annotations

import base64
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset, dcmread

LONGEST_INLINE = 1024
"""Bytes; longer ones get an address."""
_LOOKUP_GROUP = 0x0028
"""Tables of colours and greys: a viewer draws with them at once, and they have 128 KiB at most."""
_WORDS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_PLACE = re.compile(r"[0-9A-F]{8}(/[1-9][0-9]{0,5}/[0-9A-F]{8}){0,16}")
DOCUMENT = "00420011"


def json_of(dataset: Dataset, address: str) -> dict[str, Any]:
    """Every attribute that can be read; ``address`` is the object's."""
    return _items(dataset, f"{address}/bulkdata/", is_little(dataset))


def is_little(dataset: Dataset) -> bool:
    """Whether the file writes the low byte first; JSON and bulk data always do."""
    return dataset.original_encoding[1] is not False


def _items(dataset: Dataset, address: str, little: bool) -> dict[str, Any]:
    made = {}
    for tag in sorted(dataset.keys()):
        name = f"{int(tag):08X}"
        try:
            made[name] = _item(dataset[tag], f"{address}{name}", little)
        # whatever one damaged value leads its reader into, the others are shown
        except Exception:  # noqa: S112
            continue
    return made


def _item(element: DataElement, address: str, little: bool) -> dict[str, Any]:
    if element.VR == "SQ":
        items = [_items(item, f"{address}/{number}/", little) for number, item in enumerate(element.value, start=1)]
        return {"vr": "SQ", "Value": items}
    if isinstance(element.value, bytes):
        return _binary(element, address, little)
    made = element.to_json_dict(None, 0)
    # a file without the attribute that would decide leaves two possibilities
    made["vr"] = made["vr"][:2]
    if element.VR in ("FL", "FD") and "Value" in made:
        # JSON has no word for what is no number
        made["Value"] = [value if value is None or math.isfinite(value) else None for value in made["Value"]]
    return made


def _binary(element: DataElement, address: str, little: bool) -> dict[str, Any]:
    vr = element.VR if len(element.VR) == 2 else "OW"
    if not element.value:
        return {"vr": vr}
    if len(element.value) > LONGEST_INLINE and element.tag.group != _LOOKUP_GROUP:
        return {"vr": vr, "BulkDataURI": address}
    return {"vr": vr, "InlineBinary": base64.b64encode(_turned(element, little)).decode()}


def _turned(element: DataElement, little: bool) -> bytes:
    content = bytes(element.value)
    size = 1 if little else _WORDS.get(element.VR, 1)
    return content if size == 1 else np.frombuffer(content, f">u{size}").astype(f"<u{size}").tobytes()


def bulk_of(path: Path, place: str) -> tuple[bytes, str] | None:
    """The bytes behind an address that ``json_of`` gave, and their media type; None where there is nothing."""
    if not _PLACE.fullmatch(place):
        return None
    try:
        whole = dcmread(path, force=True)
        dataset, steps = whole, place.split("/")
        for tag, number in zip(steps[:-1:2], steps[1::2], strict=True):
            dataset = dataset[int(tag, 16)].value[int(number) - 1]
        element = dataset[int(steps[-1], 16)]
        if not isinstance(element.value, bytes) or not element.value:
            return None
        content = _turned(element, is_little(whole))
    # an attribute that is not there, or a damaged file
    except Exception:
        return None
    kind = str(whole.get("MIMETypeOfEncapsulatedDocument", "")) if place == DOCUMENT else ""
    return content, "application/pdf" if kind == "application/pdf" else "application/octet-stream"
