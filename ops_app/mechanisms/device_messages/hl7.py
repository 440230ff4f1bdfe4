"""A light reader of HL7 version 2: segments, fields, repetitions, components, escapes; any delimiters.

It never fails on content: what cannot be a message raises ``NotHl7``, everything else is read as far as
it goes and judged by ``hl7_structure``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ops_app.mechanisms.device_messages.hl7_charset import decoded

SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_LINE_END = re.compile(r"\r\n|\r|\n")
_FRAMING = "\x0b\x1c\ufeff \t\r\n"
LARGEST_NUMBER_OF_SEGMENTS = 100_000

EMPTY = '""'
"""What a sender writes to say that a value is to be deleted."""


class NotHl7(Exception):
    """The bytes are no HL7 message at all."""


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What separates the parts of a message; MSH-1 and MSH-2 say it."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @property
    def encoding(self) -> str:
        """MSH-2 as an answer repeats it."""
        return self.component + self.repetition + self.escape + self.subcomponent


@dataclass(frozen=True, slots=True)
class Segment:
    """One line: its name and its fields as sent; ``fields[0]`` is the name."""

    name: str
    fields: tuple[str, ...]
    line: int
    """Its place in the message, from 1."""
    delimiters: Delimiters

    def raw(self, field: int) -> str:
        """A field as sent, with all its repetitions."""
        return self.fields[field] if field < len(self.fields) else ""

    def has(self, field: int) -> bool:
        """Whether the field says anything."""
        raw = self.raw(field)
        return bool(raw) and (raw[0].isalnum() or (bool(raw.strip(f" {self.delimiters.encoding}")) and raw != EMPTY))

    def repetitions(self, field: int) -> list[Value]:
        """The repetitions of a field that say something."""
        raw = self.raw(field)
        return [Value(each, self.delimiters) for each in raw.split(self.delimiters.repetition) if each] if raw else []

    def value(self, field: int) -> Value:
        """The first repetition of a field."""
        return Value(self.raw(field).split(self.delimiters.repetition, 1)[0], self.delimiters)

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A part of the first repetition without escapes; empty where nothing or a deletion was sent."""
        raw = self.raw(field)
        if not raw or (component == subcomponent == 1 and raw.isalnum()):
            # most fields are empty or one word, and every message is read before it is acknowledged
            return raw
        return self.value(field).text(component, subcomponent)

    def whole(self, field: int) -> str:
        """The whole field without escapes, delimiters left in place: for fields of plain text."""
        return unescaped(self.raw(field), self.delimiters)


@dataclass(frozen=True, slots=True)
class Value:
    """One repetition of a field."""

    raw: str
    delimiters: Delimiters

    @property
    def components(self) -> list[str]:
        """The components as sent."""
        return self.raw.split(self.delimiters.component)

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """A component, or a part of it, without escapes."""
        components = self.components
        if component > len(components):
            return ""
        part = components[component - 1]
        if self.delimiters.subcomponent in part:
            parts = part.split(self.delimiters.subcomponent)
            part = parts[subcomponent - 1] if subcomponent <= len(parts) else ""
        elif subcomponent > 1:
            return ""
        return unescaped(part, self.delimiters).strip() if part != EMPTY else ""


@dataclass(frozen=True)
class Message:
    """One message, its header first."""

    segments: tuple[Segment, ...]
    delimiters: Delimiters
    charset: str
    """The Python name of the character set it was read in."""
    foreign_lines: tuple[int, ...] = ()
    """Lines that are no segments."""
    has_bad_delimiters: bool = False

    @property
    def header(self) -> Segment:
        """MSH, whose fields are counted as the standard does: MSH-1 is the separator itself."""
        return self.segments[0]

    @cached_property
    def event(self) -> str:
        """The trigger event: of MSH-9 or, as older senders do, of EVN-1."""
        named = self.header.text(9, 2)
        if named:
            return named
        return next((each.text(1) for each in self.all("EVN")), "")

    @cached_property
    def kind(self) -> str:
        """The message type without its event: ADT, ORU, …"""
        return self.header.text(9, 1)

    @property
    def message_type(self) -> str:
        """Type and event as people write it: ``ORU^R01``."""
        return f"{self.kind}^{self.event}" if self.event else self.kind

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.header.whole(10).strip()

    @property
    def version(self) -> str:
        """MSH-12 without its country."""
        return self.header.text(12)

    def all(self, *names: str) -> Iterator[Segment]:
        """Segments of these names, in order."""
        return (each for each in self.segments if each.name in names)

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        return next(self.all(name), None)


def read(raw: bytes, default_charset: str | None = None) -> Message:
    """Read one message."""
    text, charset = decoded(raw, default_charset)
    text = text.strip(_FRAMING)
    lines = [line.lstrip() for line in _LINE_END.split(text, LARGEST_NUMBER_OF_SEGMENTS)]
    start = next((number for number, line in enumerate(lines) if line.startswith("MSH")), None)
    if start is None or len(lines[start]) < 4 or lines[start][3].isalnum() or lines[start][3].isspace():
        raise NotHl7
    delimiters, is_bad = _delimiters(lines[start])
    segments, foreign = [], []
    for number, line in enumerate(lines, 1):
        fields = line.split(delimiters.field)
        name = fields[0].rstrip()
        if number > start and SEGMENT_NAME.fullmatch(name):
            # MSH-1 is the separator itself
            counted = ("MSH", delimiters.field, *fields[1:]) if name == "MSH" else (name, *fields[1:])
            segments.append(Segment(name, counted, number, delimiters))
        elif line:
            foreign.append(number)
    return Message(tuple(segments), delimiters, charset, tuple(foreign), is_bad)


def _delimiters(header: str) -> tuple[Delimiters, bool]:
    separator = header[3]
    encoding = header[4:].split(separator, 1)[0]
    # a fifth one, for what was cut off, came with 2.7; subcomponent and escape may be left out together
    is_bad = not 4 <= len(encoding) <= 5 or len(set(encoding + separator)) <= len(encoding)
    is_bad = is_bad or any(each.isalnum() or each.isspace() for each in encoding)
    if is_bad:
        return Delimiters(field=separator), True
    return Delimiters(separator, encoding[0], encoding[1], encoding[2], encoding[3]), False


def split_batch(raw: bytes) -> list[bytes]:
    """The messages of a file or frame; batch and file headers are left out, what precedes a message stays with it."""
    if raw.startswith(b"MSH") and raw.count(b"MSH") == 1 and not any(name in raw for name in _BATCH_NAMES):
        return [raw]
    starts = [
        found.start() for found in re.finditer(rb"(?:(?<=[\r\n\x0b])|^)[ \t]*(?:\xef\xbb\xbf)?MSH[^A-Za-z0-9\s]", raw)
    ]
    if not starts:
        return [raw] if raw.strip() else []
    pieces = [raw[start:end] for start, end in zip(starts, [*starts[1:], len(raw)], strict=True)]
    before = _BATCH_LINE.sub(b"", raw[: starts[0]])
    if before.strip(b" \t\r\n\x0b\x1c\xef\xbb\xbf"):
        pieces[0] = before + pieces[0]
    return [_BATCH_LINE.sub(b"", piece) for piece in pieces]


_BATCH_NAMES = (b"FHS", b"BHS", b"BTS", b"FTS")
_BATCH_LINE = re.compile(
    rb"(?m)(?:(?<=[\r\n\x0b])|^)(?:\xef\xbb\xbf)?(?:FHS|BHS|BTS|FTS)(?:[^A-Za-z0-9][^\r\n]*)?(?:\r\n|\r|\n|\Z)"
)


def is_batch(raw: bytes) -> bool:
    """Whether the sender wrapped its messages in batch headers."""
    return re.match(rb"[\s\x0b]*(?:\xef\xbb\xbf)?(?:FHS|BHS)[^A-Za-z0-9\s]", raw) is not None


_HEX = re.compile(r"[0-9A-Fa-f]*")


def unescaped(text: str, delimiters: Delimiters) -> str:
    """Text without escape sequences; unknown ones stay as they are."""
    mark = delimiters.escape
    if mark not in text:
        return text
    parts = text.split(mark)
    found = [parts[0]]
    position = 1
    while position < len(parts):
        is_closed = position + 1 < len(parts)
        meant = _meaning(parts[position], delimiters) if is_closed else None
        if meant is None:
            found.append(mark + parts[position])
            position += 1
        else:
            found.append(meant + parts[position + 1])
            position += 2
    return "".join(found)


def _meaning(sequence: str, delimiters: Delimiters) -> str | None:
    known = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
        "H": "",
        "N": "",
        ".br": "\n",
        ".BR": "\n",
    }
    if sequence in known:
        return known[sequence]
    if sequence[:1] == "." and re.fullmatch(r"\.(sp|in|ti|sk|ce|fi|nf)[+-]?\d*", sequence):
        return "\n" if sequence.startswith((".sp", ".ce")) else " "
    if sequence[:1] == "X" and len(sequence) % 2 == 1 and _HEX.fullmatch(sequence[1:]):
        data = bytes.fromhex(sequence[1:])
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("latin-1")
    return None


def escaped(text: str, delimiters: Delimiters = Delimiters()) -> str:
    """Text as it may stand inside a field."""
    found = text.replace(delimiters.escape, f"{delimiters.escape}E{delimiters.escape}")
    for mark, code in (
        (delimiters.field, "F"),
        (delimiters.component, "S"),
        (delimiters.subcomponent, "T"),
        (delimiters.repetition, "R"),
    ):
        found = found.replace(mark, f"{delimiters.escape}{code}{delimiters.escape}")
    return re.sub(r"\r\n|\r|\n", lambda _: f"{delimiters.escape}.br{delimiters.escape}", found)
