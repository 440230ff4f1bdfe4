"""Reading a FHIR Observation as a device sends it: shape only, no database; pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops_app.i18n import N_

LOINC = "http://loinc.org"
TAKEN = ("final", "amended", "corrected")


class Unreadable(ValueError):
    """Why an Observation cannot be taken, and the element that says it; the text names no value."""

    def __init__(self, element: str, text: str):
        super().__init__(text)
        self.element, self.text = element, text


@dataclass(frozen=True, slots=True)
class Quantity:
    """One value with the codes that say of what."""

    element: str
    codes: tuple[tuple[str, str], ...]
    """System and code."""
    number: float
    unit: str | None
    comparator: str | None = None
    """A meter at the end of its range says only "more than"."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What an Observation says."""

    identifier: str
    measured_at: dt.datetime
    quantities: tuple[Quantity, ...]
    subject_reference: str | None = None
    subject_identifier: str | None = None
    serial_number: str | None = None


def read(raw: bytes) -> Sent:
    """Read one Observation."""
    try:
        body = json.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Unreadable("Observation", N_("The body is not JSON in UTF-8")) from None
    if not isinstance(body, dict) or body.get("resourceType") != "Observation":
        raise Unreadable("Observation.resourceType", N_("The resource is not an Observation"))
    if body.get("status") not in TAKEN:
        raise Unreadable("Observation.status", N_("Only final, amended and corrected observations are taken"))
    subject, device = _object(body.get("subject")), _object(body.get("device"))
    return Sent(
        _identifier(body),
        _moment(body),
        tuple(_quantities(body)),
        _text(subject.get("reference")),
        _text(_object(subject.get("identifier")).get("value")),
        _text(_object(device.get("identifier")).get("value")),
    )


def identifier_in(raw: bytes) -> str | None:
    """The identifier of a body that may be unreadable otherwise."""
    try:
        body = json.loads(raw.decode("utf-8"))
        return _identifier(body) if isinstance(body, dict) else None
    except (UnicodeDecodeError, ValueError, RecursionError):
        return None


def _identifier(body: Mapping[str, Any]) -> str:
    for each in _list(body.get("identifier")):
        value = _text(_object(each).get("value"))
        if value:
            found = "|".join(filter(None, (_text(_object(each).get("system")), value)))
            if len(found) > 200:
                raise Unreadable("Observation.identifier", N_("The identifier is longer than 200 characters"))
            return found
    raise Unreadable("Observation.identifier", N_("An identifier is needed, so that a repeated message is known"))


def _moment(body: Mapping[str, Any]) -> dt.datetime:
    written = _text(body.get("effectiveDateTime")) or _text(body.get("effectiveInstant"))
    if not written:
        raise Unreadable("Observation.effective", N_("The moment of the measurement is needed"))
    try:
        at = dt.datetime.fromisoformat(written)
    except ValueError:
        raise Unreadable("Observation.effective", N_("The moment of the measurement cannot be read")) from None
    if at.tzinfo is None:
        raise Unreadable("Observation.effective", N_("The moment of the measurement needs its time zone"))
    try:
        return at.astimezone(dt.UTC)
    except OverflowError:
        raise Unreadable("Observation.effective", N_("The moment of the measurement cannot be read")) from None


def _quantities(body: Mapping[str, Any]) -> list[Quantity]:
    found = []
    if "valueQuantity" in body:
        found.append(_quantity(body, "Observation"))
    for number, each in enumerate(_list(body.get("component"))):
        component = _object(each)
        if "valueQuantity" in component:
            found.append(_quantity(component, f"Observation.component[{number}]"))
    if not found:
        raise Unreadable("Observation.value", N_("There is no value with a quantity"))
    return found


def _quantity(holder: Mapping[str, Any], element: str) -> Quantity:
    codes = tuple(
        (_text(_object(each).get("system")) or "", code)
        for each in _list(_object(holder.get("code")).get("coding"))
        if (code := _text(_object(each).get("code")))
    )
    if not codes:
        raise Unreadable(f"{element}.code", N_("A coded name of the value is needed"))
    quantity = _object(holder.get("valueQuantity"))
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < 1e9:
        raise Unreadable(f"{element}.valueQuantity.value", N_("The value is not a number"))
    comparator = _text(quantity.get("comparator"))
    if comparator not in (None, "<", "<=", ">=", ">"):
        raise Unreadable(f"{element}.valueQuantity.comparator", N_("The comparator is unknown"))
    unit = _text(quantity.get("code")) or _text(quantity.get("unit"))
    return Quantity(element, codes, float(number), unit, comparator)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    # a NUL cannot be stored, and no identifier or unit holds one
    return value.strip() if isinstance(value, str) and value.strip() and "\x00" not in value else None
