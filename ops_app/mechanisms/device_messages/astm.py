"""Records of ASTM E1394 (LIS2-A2): header, patient, order, result, comment, query, terminator."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

RECORD_TYPES = "HPORCQMSL"

_BREAKS = re.compile(r"\r\n|\r|\n")


class BadMessage(Exception):
    """The text is no message; says in which record and field."""

    def __init__(self, text: str, *, record: str | None = None, field: int | None = None):
        super().__init__(text)
        self.text, self.record, self.field = text, record, field


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What a header declares: field, repetition, component, escape."""

    field: str = "|"
    repeat: str = "\\"
    component: str = "^"
    escape: str = "&"


@dataclass(frozen=True, slots=True)
class Record:
    """One record; fields are counted from 1, which is its type."""

    number: int
    """Line of the message, from 1."""
    fields: tuple[str, ...]
    delimiters: Delimiters

    @property
    def type(self) -> str:
        """The first letter."""
        return self.fields[0][:1].upper()

    def raw(self, position: int) -> str:
        """A field as it came."""
        return self.fields[position - 1] if 0 < position <= len(self.fields) else ""

    def text(self, position: int, component: int = 0) -> str:
        """A field of the first repetition, or one component of it, without escapes and blanks around."""
        first = self.repeats(position)[0]
        if component:
            parts = first.split(self.delimiters.component)
            first = parts[component - 1] if component <= len(parts) else ""
        return unescape(first, self.delimiters).strip()

    def repeats(self, position: int) -> list[str]:
        """All repetitions of a field, as they came."""
        return self.raw(position).split(self.delimiters.repeat)

    def components(self, position: int) -> list[str]:
        """Components of the first repetition."""
        parts = self.repeats(position)[0].split(self.delimiters.component)
        return [unescape(part, self.delimiters).strip() for part in parts]


@dataclass(slots=True)
class Order:
    """An order with the patient it belongs to and what was measured."""

    record: Record
    patient: Record | None
    results: list[Result] = field(default_factory=list)
    comments: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """A result with its comments."""

    record: Record
    comments: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """From the header to the terminator."""

    header: Record
    orders: list[Order]
    queries: list[Record]
    terminator: Record | None
    strays: list[Record]
    """Records of a type that the standard does not know, or in a place it does not allow."""

    @property
    def kind(self) -> str:
        """``R`` with results, ``Q`` a question, ``O`` orders only, ``H`` nothing."""
        if any(order.results for order in self.orders):
            return "R"
        if self.queries:
            return "Q"
        return "O" if self.orders else "H"


def lines(text: str) -> list[str]:
    """Records as lines; empty lines and lines of remark (``#``) that collections of messages hold are left out."""
    return [line for line in _BREAKS.split(text) if line.strip() and not line.lstrip().startswith("#")]


def delimiters_of(header: str) -> Delimiters:
    """The delimiters a header declares."""
    if len(header) < 5 or header[0] not in "Hh":
        raise BadMessage("The message does not begin with a header record", record="H")
    separator = header[1]
    declared = header[2:].split(separator, 1)[0]
    if len(declared) < 2 or separator.isalnum() or any(letter.isalnum() or letter.isspace() for letter in declared):
        raise BadMessage("The header does not declare its delimiters", record="H", field=2)
    # Without an escape character (three delimiters only) nothing is escaped.
    found = (separator, *declared[:3])
    if len(set(found)) != len(found):
        raise BadMessage("The header declares one delimiter twice", record="H", field=2)
    return Delimiters(separator, declared[0], declared[1], declared[2] if len(declared) > 2 else "")


def parse(text: str) -> Message:
    """Read one message; everything between H and L finds its place."""
    rows = lines(text)
    if not rows:
        raise BadMessage("The message is empty")
    delimiters = delimiters_of(rows[0].lstrip())
    records = [
        Record(number, tuple(row.lstrip().split(delimiters.field)), delimiters)
        for number, row in enumerate(rows, start=1)
    ]
    message = Message(records[0], [], [], None, [])
    patient: Record | None = None
    for record in records[1:]:
        if message.terminator is not None:
            message.strays.append(record)
        elif record.type == "P":
            patient = record
        elif record.type == "L" and is_terminator(record):
            message.terminator = record
        else:
            _place(message, record, patient)
    return message


def _place(message: Message, record: Record, patient: Record | None) -> None:
    order = message.orders[-1] if message.orders else None
    if record.type == "O":
        message.orders.append(Order(record, patient))
    elif record.type == "R" and order is not None:
        order.results.append(Result(record))
    elif record.type == "Q":
        message.queries.append(record)
    elif record.type == "C":
        if order is not None:
            (order.results[-1].comments if order.results else order.comments).append(record)
    elif record.type not in "MS" or len(record.fields[0].strip()) != 1:
        message.strays.append(record)


def is_terminator(record: Record) -> bool:
    """Whether an L record ends a message: a broken result may leave a line that begins with L."""
    return record.fields[0].strip().upper() == "L" and (not record.text(2) or record.text(2).isdigit())


def ends_message(line: str, separator: str) -> bool:
    """The same for a line whose message is not read yet."""
    fields = line.strip().split(separator)
    return fields[0].upper() == "L" and (len(fields) < 2 or not fields[1].strip() or fields[1].strip().isdigit())


def unescape(text: str, delimiters: Delimiters) -> str:
    """Put back what ``&F&``, ``&S&``, ``&R&``, ``&E&`` and ``&X0D&`` stand for; a lone escape stands for itself."""
    mark = delimiters.escape
    if not mark or mark not in text:
        return text
    known = {"F": delimiters.field, "S": delimiters.component, "R": delimiters.repeat, "E": mark}

    def stands_for(match: re.Match[str]) -> str:
        sequence = match[1].upper()
        return known[sequence] if sequence in known else bytes.fromhex(sequence[1:]).decode("latin-1")

    return re.sub(f"{re.escape(mark)}(F|S|R|E|X(?:[0-9A-F]{{2}})+){re.escape(mark)}", stands_for, text, flags=re.I)


def escape(text: str, delimiters: Delimiters) -> str:
    """The same text as a field may hold it."""
    mark = delimiters.escape
    known = {mark: "E", delimiters.field: "F", delimiters.component: "S", delimiters.repeat: "R"}
    return "".join(
        f"{mark}{known[letter]}{mark}" if letter in known else " " if ord(letter) < 32 else letter for letter in text
    )
