"""The low-level protocol of ASTM E1381 (LIS1-A) without a socket: bytes in, what to do out.

``Link.feed`` takes what arrived, ``Link.next_event`` says what it means. A whole frame is an event of
its own: the caller keeps what the frame completed and then calls ``accept`` or ``refuse``, which give
the byte to answer with. So nothing is acknowledged that is not kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ops_app.mechanisms.device_messages.astm import ends_message

STX, ETX, EOT, ENQ, ACK, LF, CR, NAK, ETB = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0D, 0x15, 0x17
CONTROL = frozenset((STX, ETX, EOT, ENQ, ACK, NAK, ETB))

LARGEST_FRAME = 64_000
"""Of LIS1-A2; E1381 allows 247, but real analysers send a whole message in one frame."""
LARGEST_MESSAGE = 1024 * 1024
RETRIES = 6
"""A frame that is refused this often more ends the session."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes to send now."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A good frame waits for ``accept`` or ``refuse``; it completed these messages."""

    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The sender is done; ``leftover`` was acknowledged but never ended with a terminator record."""

    leftover: bytes


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that began and was given up by its sender, who will send it again."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """A byte that answers what we sent: ACK, NAK, EOT or ENQ."""

    code: int


Event = Reply | Frame | Ended | Dropped | Answered

_NEUTRAL, _RECEIVING, _SENDING = "neutral", "receiving", "sending"


def checksum(data: bytes) -> bytes:
    """Two hexadecimal digits: the sum of everything after STX up to ETB or ETX, modulo 256."""
    return b"%02X" % (sum(data) & 0xFF)


def frames(message: bytes, size: int = 240) -> list[bytes]:
    """A message as frames: one record a frame, long records in intermediate frames."""
    made: list[bytes] = []
    for record in message.split(b"\r"):
        if not record:
            continue
        text = record + b"\r"
        for start in range(0, len(text), size):
            end = ETX if start + size >= len(text) else ETB
            body = b"%d" % ((len(made) + 1) % 8) + text[start : start + size] + bytes((end,))
            made.append(bytes((STX,)) + body + checksum(body) + b"\r\n")
    return made


class Link:
    """One side of a connection: receives by itself, and tells the caller how its own sending is answered."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._state = _NEUTRAL
        self._text = bytearray()
        self._last: bytes | None = None
        self._expected = 1
        self._pending: tuple[bytes, bytes, bytearray | None] | None = None
        self._refusals = 0

    @property
    def is_receiving(self) -> bool:
        """Whether a sender is in the middle of a session."""
        return self._state == _RECEIVING

    @property
    def is_neutral(self) -> bool:
        """Whether nobody is sending, so that we may begin."""
        return self._state == _NEUTRAL and not self._buffer

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._buffer += data

    def begin_sending(self) -> bytes:
        """Ask to send: what arrives now answers us."""
        self._state = _SENDING
        return bytes((ENQ,))

    def end_sending(self) -> None:
        """Go back to listening."""
        self._state = _NEUTRAL

    def expire(self) -> Dropped | None:
        """The sender was silent for too long: what it began is given up."""
        begun = bytes(self._text)
        self._reset(_NEUTRAL)
        self._buffer.clear()
        return Dropped(begun) if begun else None

    def next_event(self) -> Event | None:
        """What the bytes so far mean; None when more must come."""
        if self._pending is not None:
            return None
        while self._buffer:
            if self._state == _SENDING:
                return self._sending_event()
            event, goes_on = self._neutral_event() if self._state == _NEUTRAL else self._receiving_event()
            if event is not None or not goes_on:
                return event
        return None

    def accept(self) -> bytes:
        """The pending frame is kept: acknowledge it."""
        assert self._pending is not None
        self._last, added, rest = self._pending
        if rest is None:
            self._text += added
        else:
            self._text = rest
        self._expected = (int(self._last[:1]) + 1) % 8
        self._pending = None
        self._refusals = 0
        return bytes((ACK,))

    def refuse(self) -> bytes:
        """The pending frame could not be kept: its sender must send it again."""
        self._pending = None
        return self._refused()

    def _refused(self) -> bytes:
        self._refusals += 1
        if self._refusals > RETRIES:
            # the sender gives up by itself; if it does not, its next ENQ begins anew
            self._reset(_NEUTRAL)
        return bytes((NAK,))

    def _reset(self, state: str) -> None:
        self._state = state
        self._text = bytearray()
        self._last, self._expected, self._refusals = None, 1, 0

    def _sending_event(self) -> Event | None:
        while self._buffer:
            code = self._buffer.pop(0)
            if code in (ACK, NAK, EOT, ENQ):
                return Answered(code)
        return None

    def _neutral_event(self) -> tuple[Event | None, bool]:
        code = self._buffer.pop(0)
        if code == ENQ:
            self._reset(_RECEIVING)
            return Reply(bytes((ACK,))), True
        if code == STX:
            # a frame that nobody announced: its sender missed that the session ended
            return Reply(bytes((NAK,))), True
        return None, True

    def _receiving_event(self) -> tuple[Event | None, bool]:
        code = self._buffer[0]
        if code == ENQ:
            del self._buffer[0]
            return self._begun_again(), True
        if code == EOT:
            del self._buffer[0]
            leftover = bytes(self._text)
            self._reset(_NEUTRAL)
            return Ended(leftover), True
        if code != STX:
            # the line ends after a checksum, and noise between frames
            del self._buffer[0]
            return None, True
        return self._frame_event()

    def _begun_again(self) -> Event:
        begun = bytes(self._text)
        self._reset(_RECEIVING)
        if begun:
            # answered in the next step, after the caller knows of the loss
            self._buffer.insert(0, ENQ)
            return Dropped(begun)
        return Reply(bytes((ACK,)))

    def _frame_event(self) -> tuple[Event | None, bool]:
        buffer = self._buffer
        end = next((at for at in range(1, min(len(buffer), LARGEST_FRAME + 2)) if buffer[at] in CONTROL), None)
        if end is None:
            if len(buffer) > LARGEST_FRAME:
                buffer.clear()
                return Reply(self._refused()), True
            return None, False
        if buffer[end] not in (ETX, ETB):
            # cut off: what comes now is a new beginning
            del buffer[:end]
            return None, True
        if any(code in CONTROL for code in buffer[end + 1 : end + 3]):
            # cut off before its checksum: the control is not a digit of it
            del buffer[: end + 1]
            return None, True
        if len(buffer) < end + 3:
            return None, False
        body, told = bytes(buffer[1 : end + 1]), bytes(buffer[end + 1 : end + 3])
        del buffer[: end + 3]
        if told.upper() != checksum(body) or not body[:1].isdigit() or body[0] > ord("7"):
            return Reply(self._refused()), True
        return self._good_frame(body), True

    def _good_frame(self, body: bytes) -> Event:
        if body == self._last:
            # our acknowledgement was lost
            return Reply(bytes((ACK,)))
        text = body[1:-1]
        restarts = not self._text and body[:1] == b"1" and text.startswith((b"H", b"h"))
        if int(body[:1]) != self._expected and not restarts:
            return Reply(self._refused())
        if body[-1] == ETX and not text.endswith(b"\r"):
            text += b"\r"
        if len(self._text) + len(text) > LARGEST_MESSAGE:
            self._reset(_NEUTRAL)
            return Reply(bytes((NAK,)))
        self._pending = (body, text, None)
        line_start = max(self._text.rfind(b"\r"), self._text.rfind(b"\n")) + 1
        if not _may_end(self._text[line_start:] + text):
            # only a line that begins with L can end a message: the rest is not searched again and again
            return Frame(())
        messages, rest = split_messages(self._text + text)
        self._pending = (body, text, rest)
        return Frame(tuple(messages))


_LINE = re.compile(rb"[^\r\n]*[\r\n]+")


_TERMINATOR = re.compile(rb"(?:^|[\r\n])[ \t]*[Ll]")


def _may_end(text: bytes | bytearray) -> bool:
    return _TERMINATOR.search(text) is not None


def split_messages(text: bytes | bytearray) -> tuple[list[bytes], bytearray]:
    """Whole messages, each up to its terminator record, and what follows the last of them."""
    found: list[bytes] = []
    begin = 0
    separator = "|"
    for match in _LINE.finditer(text):
        line = match.group().strip()
        if line[:1] in (b"H", b"h") and len(line) > 1:
            separator = chr(line[1])
        elif line[:1] in (b"L", b"l") and ends_message(line.decode("latin-1"), separator):
            found.append(bytes(text[begin : match.end()]))
            begin = match.end()
    return found, bytearray(text[begin:])
