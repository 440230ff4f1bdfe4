"""Whether a message holds what its type must hold, and what its sender is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ops_app.kit.declared import Declared
from ops_app.mechanisms.device_messages.hl7 import Message

CONTENT = Path(__file__).resolve().parents[2] / "content" / "hl7" / "structure.yaml"
MOST_FAULTS = 10

SEQUENCE, REQUIRED, DATA_TYPE, TABLE_VALUE = "100", "101", "102", "103"
UNSUPPORTED_TYPE, UNSUPPORTED_EVENT, UNSUPPORTED_PROCESSING, UNSUPPORTED_VERSION = "200", "201", "202", "203"
INTERNAL = "207"
"""Codes of HL7 table 0357."""
REJECTED = (UNSUPPORTED_TYPE, UNSUPPORTED_EVENT, UNSUPPORTED_PROCESSING, UNSUPPORTED_VERSION)
"""Faults for which the standard wants a rejection (AR) and not an error (AE)."""

TITLES = {
    SEQUENCE: "Segment sequence error",
    REQUIRED: "Required field missing",
    DATA_TYPE: "Data type error",
    TABLE_VALUE: "Table value not found",
    UNSUPPORTED_TYPE: "Unsupported message type",
    UNSUPPORTED_EVENT: "Unsupported event code",
    UNSUPPORTED_PROCESSING: "Unsupported processing id",
    UNSUPPORTED_VERSION: "Unsupported version id",
    INTERNAL: "Application internal error",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a message, and where."""

    code: str
    text: str
    segment: str | None = None
    sequence: int | None = None
    """Which of the segments of that name, from 1; the line where there is no name."""
    field: int | None = None
    component: int | None = None

    @property
    def as_json(self) -> dict[str, Any]:
        """As the archive keeps it."""
        return {
            "segment": self.segment,
            "sequence": self.sequence,
            "field": self.field,
            "component": self.component,
            "code": self.code,
            "text": self.text,
        }


class _Asked(Declared):
    segments: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


class _Kind(_Asked):
    events: dict[str, _Asked] = {}


class _InSegment(Declared):
    fields: tuple[str, ...]
    kinds: tuple[str, ...]


class Structure(Declared):
    """The table in ``content/hl7/structure.yaml``."""

    versions: tuple[str, ...]
    processing_ids: tuple[str, ...]
    value_types: frozenset[str]
    always: tuple[str, ...]
    in_segments: Mapping[str, _InSegment]
    kinds: Mapping[str, _Kind]
    archived: tuple[str, ...]


@lru_cache(maxsize=1)
def structure() -> Structure:
    """The shipped table; a wrong one stops the start."""
    return Structure.model_validate(yaml.safe_load(CONTENT.read_text("utf-8")))


def faults(message: Message, optional: frozenset[str] = frozenset()) -> list[Fault]:
    """What is wrong with a message, worst first; ``optional`` are places its sender may leave empty."""
    found = [*_header(message), *_lines(message)]
    if not found:
        found = list(_content(message, optional))
    else:
        found += [each for each in _always(message, optional) if each not in found]
    return found[:MOST_FAULTS]


def code_of(found: list[Fault]) -> str:
    """AA, AE or AR."""
    if not found:
        return "AA"
    return "AR" if any(each.code in REJECTED for each in found) else "AE"


def _header(message: Message) -> Iterator[Fault]:
    header, table = message.header, structure()
    if message.has_bad_delimiters:
        yield Fault(DATA_TYPE, "The encoding characters are incomplete or repeat", "MSH", 1, 2)
        return
    kind = message.kind
    if kind and kind not in table.kinds and kind not in table.archived and not re.fullmatch(r"Z[A-Z0-9]{2}", kind):
        yield Fault(UNSUPPORTED_TYPE, TITLES[UNSUPPORTED_TYPE], "MSH", 1, 9, 1)
    elif message.event and not re.fullmatch(r"[A-Z][A-Z0-9]{2}", message.event):
        yield Fault(UNSUPPORTED_EVENT, TITLES[UNSUPPORTED_EVENT], "MSH", 1, 9, 2)
    if message.version and message.version not in table.versions:
        yield Fault(UNSUPPORTED_VERSION, TITLES[UNSUPPORTED_VERSION], "MSH", 1, 12)
    processing = header.text(11)
    if processing and processing not in table.processing_ids:
        yield Fault(UNSUPPORTED_PROCESSING, TITLES[UNSUPPORTED_PROCESSING], "MSH", 1, 11)


def _lines(message: Message) -> Iterator[Fault]:
    for line in message.foreign_lines[:MOST_FAULTS]:
        yield Fault(SEQUENCE, "A line of the message is not a segment", None, line)
    if sum(1 for _ in message.all("MSH")) > 1:
        yield Fault(SEQUENCE, "A second header inside one message", "MSH", 2)


def _always(message: Message, optional: frozenset[str]) -> Iterator[Fault]:
    for place in structure().always:
        field = int(place.partition("-")[2])
        if place not in optional and not message.header.has(field):
            yield Fault(REQUIRED, TITLES[REQUIRED], "MSH", 1, field)


def _content(message: Message, optional: frozenset[str]) -> Iterator[Fault]:
    yield from _always(message, optional)
    asked = structure().kinds.get(message.kind)
    if asked is not None:
        more = asked.events.get(message.event, _Asked())
        yield from _required(message, (*asked.segments, *more.segments), (*asked.fields, *more.fields), optional)
    counts: dict[str, int] = {}
    asked_of, types = _asked_of_segments(message.kind), structure().value_types
    for segment in message.segments:
        counts[segment.name] = counts.get(segment.name, 0) + 1
        for place, field in asked_of.get(segment.name, ()):
            if place not in optional and not segment.has(field):
                yield Fault(REQUIRED, TITLES[REQUIRED], segment.name, counts[segment.name], field)
        if segment.name == "OBX" and segment.raw(2) not in types and segment.has(5):
            yield from _value_type(segment.text(2), counts["OBX"], optional)


@lru_cache(maxsize=100)
def _asked_of_segments(kind: str) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Fields that each segment of this type of message must have, wherever it stands."""
    return {
        name: tuple((place, int(place.partition("-")[2])) for place in rule.fields)
        for name, rule in structure().in_segments.items()
        if kind in rule.kinds
    }


def _value_type(named: str, sequence: int, optional: frozenset[str]) -> Iterator[Fault]:
    if not named:
        if "OBX-2" not in optional:
            yield Fault(REQUIRED, TITLES[REQUIRED], "OBX", sequence, 2)
    elif named not in structure().value_types:
        yield Fault(TABLE_VALUE, TITLES[TABLE_VALUE], "OBX", sequence, 2)


def _required(
    message: Message, segments: tuple[str, ...], fields: tuple[str, ...], optional: frozenset[str]
) -> Iterator[Fault]:
    for asked in segments:
        names = asked.split("|")
        if asked not in optional and not any(message.first(name) for name in names):
            yield Fault(SEQUENCE, "A segment that this message needs is missing", names[0], 1)
    for asked in fields:
        places = [place.split("-") for place in asked.split("|")]
        if "-".join(places[0]) in optional or message.first(places[0][0]) is None:
            continue
        if not any((found := message.first(name)) and found.has(int(field)) for name, field in places):
            yield Fault(REQUIRED, TITLES[REQUIRED], places[0][0], 1, int(places[0][1]))
