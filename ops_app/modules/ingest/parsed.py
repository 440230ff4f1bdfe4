"""A message taken apart for the screen: segments, fields with their names, the place of an error marked."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ops_app.mechanisms.device_messages import astm, hl7
from ops_app.modules.ingest.models import InboundMessage

LONGEST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Field:
    """One field that says something, or that should."""

    number: int
    title: str
    text: str
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment with its fields."""

    name: str
    sequence: int
    fields: tuple[Field, ...]
    is_wrong: bool


def parsed(message: InboundMessage) -> list[Segment]:
    """The segments of an HL7 message, the records of an ASTM one; nothing for what is neither."""
    if message.channel == "astm":
        return _records(message)
    if message.channel != "hl7":
        return []
    try:
        read = hl7.read(message.raw, message.charset)
    except hl7.NotHl7:
        return []
    wrong = _wrong_places(message.error)
    counts: Counter[str] = Counter()
    segments = []
    for segment in read.segments:
        counts[segment.name] += 1
        place = (segment.name, counts[segment.name])
        named = _titles(read.version, segment.name)
        numbers = {number for number in range(1, len(segment.fields)) if segment.raw(number)}
        marked = {field for name, sequence, field in wrong if (name, sequence) == place and field}
        fields = tuple(
            Field(
                number,
                named.get(number, ""),
                _shortened(hl7.unescaped(segment.raw(number), read.delimiters) if number > 2 else segment.raw(number)),
                number in marked,
            )
            for number in sorted(numbers | marked)
        )
        is_wrong = any((name, sequence) == place for name, sequence, _field in wrong)
        segments.append(Segment(segment.name, counts[segment.name], fields, is_wrong))
    return segments


def _records(message: InboundMessage) -> list[Segment]:
    text = message.raw.decode(message.charset or "utf-8", "replace")
    rows = astm.lines(text)
    try:
        delimiters = astm.delimiters_of(rows[0].lstrip()) if rows else astm.Delimiters()
    except astm.BadMessage:
        delimiters = astm.Delimiters()
    wrong = _wrong_places(message.error)
    counts: Counter[str] = Counter()
    segments = []
    for row in rows:
        sent = row.strip().split(delimiters.field)
        name = sent[0][:3]
        counts[name] += 1
        marked = {field for kind, sequence, field in wrong if (kind, sequence) == (name, counts[name]) and field}
        numbers = {number for number, value in enumerate(sent[1:], start=2) if value} | marked
        fields = tuple(
            Field(number, "", _shortened(sent[number - 1] if number <= len(sent) else ""), number in marked)
            for number in sorted(numbers)
        )
        is_wrong = any((kind, sequence) == (name, counts[name]) for kind, sequence, _field in wrong)
        segments.append(Segment(name, counts[name], fields, is_wrong))
    return segments


def _wrong_places(error: dict[str, Any] | None) -> set[tuple[str, int, int | None]]:
    if not error:
        return set()
    listed = error.get("faults") or [error]
    return {(each["segment"], each.get("sequence") or 1, each.get("field")) for each in listed if each.get("segment")}


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} … ({len(text)})"


@lru_cache(maxsize=512)
def _titles(version: str, segment: str) -> dict[int, str]:
    """Names of a segment's fields as the standard gives them."""
    known = f"v{version.replace('.', '_')}" if version in _DESCRIBED else "v2_5"
    table = importlib.import_module(f"hl7apy.{known}.segments").SEGMENTS
    found: dict[int, str] = {}
    for name, details, _cardinality, _kind in table.get(segment, ((), ()))[1]:
        title = details[3] if len(details) > 3 and isinstance(details[3], str) else ""
        found[int(name.rpartition("_")[2])] = title.replace("_", " ").capitalize()
    return found


_DESCRIBED = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8")


def remarks(message: InboundMessage) -> list[str]:
    """What a strict reader of the standard would find wrong: for whoever settles a sender's way of writing."""
    from hl7apy.core import Message
    from hl7apy.exceptions import HL7apyException
    from hl7apy.parser import parse_message
    from hl7apy.validation import Validator

    if message.channel != "hl7":
        return []
    try:
        text = message.raw.decode(message.charset or "latin-1", "replace").strip("\x0b\x1c\r\n")
        read: Message = parse_message("\r".join(text.splitlines()), find_groups=False)
    except HL7apyException as error:
        return [str(error)]
    except Exception as error:
        # a library that breaks on a message says so, and the page is shown
        return [type(error).__name__]
    found: list[str] = []
    for segment in read.children:
        try:
            Validator.validate(segment)
        except HL7apyException as error:
            found.append(f"{segment.name}: {error}")
        except Exception as error:
            found.append(f"{segment.name}: {type(error).__name__}")
    return list(dict.fromkeys(found))[:20]
