"""Small pieces that resources are made of; what is not known is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ops_app.kit.code_systems import OUR

Resource = dict[str, Any]


def known(values: Mapping[str, Any]) -> Resource:
    """Without what is unknown: FHIR has no empty strings, lists or nulls."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def moment(value: dt.datetime | None) -> str | None:
    """A moment with its zone."""
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None


def day(value: dt.date | None) -> str | None:
    """A calendar day."""
    return value.isoformat() if value else None


def period(start: dt.datetime | dt.date | None, end: dt.datetime | dt.date | None) -> Resource:
    """From and to; days stay days."""
    ends = [moment(value) if isinstance(value, dt.datetime) else day(value) for value in (start, end)]
    return known({"start": ends[0], "end": ends[1]})


def reference(kind: str, row_id: int | None, display: str | None = None) -> Resource | None:
    """A pointer to another resource of this server."""
    return known({"reference": f"{kind}/{row_id}", "display": display}) if row_id else None


def coding(system: str, code: str | None, display: str | None = None) -> Resource | None:
    """One code of a system."""
    return known({"system": system, "code": code, "display": display}) if code else None


def concept(system: str, code: str | None, display: str | None = None) -> Resource | None:
    """A codeable concept of one code."""
    one = coding(system, code, display)
    return known({"coding": [one], "text": display}) if one else None


def ours(what: str, code: str | None) -> Resource | None:
    """A concept of a list of our own, such as the purpose of a visit."""
    return concept(f"{OUR}:{what}", code)


def listed(*items: Resource | None) -> list[Resource]:
    """Those that are known."""
    return [item for item in items if item]


def note(text: str | None) -> list[Resource]:
    """A remark."""
    return [{"text": text}] if text else []


def extensions(**values: Any) -> list[Resource]:
    """What R4 has no element for; the name of the argument becomes the last word of the address."""
    return [_extension(name.replace("_", "-"), value) for name, value in values.items() if value is not None]


def _extension(name: str, value: Any) -> Resource:
    url = f"{OUR}:extension:{name}"
    if isinstance(value, bool):
        return {"url": url, "valueBoolean": value}
    if isinstance(value, int):
        return {"url": url, "valueInteger": value}
    if isinstance(value, dt.datetime):
        return {"url": url, "valueDateTime": moment(value)}
    if isinstance(value, dt.date):
        return {"url": url, "valueDate": day(value)}
    return {"url": url, "valueString": str(value)}
