"""The accession number of an imaging order: its number with a check digit, at most 16 characters (VR SH)."""

from __future__ import annotations

import re

PREFIX = "I"
_SHAPE = re.compile(rf"{PREFIX}([0-9]{{8,14}})([0-9])")


def accession_number(service_request_id: int) -> str:
    """The number a device gets from the work list and sends back with the images."""
    digits = f"{service_request_id:08d}"
    return f"{PREFIX}{digits}{_check_digit(digits)}"


def request_id_of(accession: str | None) -> int | None:
    """The order behind a number; None when a digit was mistyped or the number is somebody else's."""
    found = _SHAPE.fullmatch((accession or "").strip())
    if found is None or _check_digit(found[1]) != found[2]:
        return None
    return int(found[1])


def _check_digit(digits: str) -> str:
    # Luhn: finds every wrong digit and nearly every swap of neighbours
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
