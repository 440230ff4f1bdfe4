"""MLLP (HL7 transport, release 1): a message stands between VT and FS CR."""

from __future__ import annotations

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
LARGEST_FRAME = 32 * 1024 * 1024


HEAD = 65_536
"""So much of a frame that is too large is kept, to answer it by name."""


class TooLarge(bytes):
    """The beginning of a frame that grew beyond what any device sends; the rest was dropped."""


class Frames:
    """Takes bytes as they come and gives whole frames; junk between frames is dropped."""

    def __init__(self, largest: int = LARGEST_FRAME):
        self._buffer = bytearray()
        self._largest = largest
        self._looked = 0
        self._head: bytes | None = None
        """Of a frame whose further bytes are dropped."""

    @property
    def is_inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._head is not None or VT in self._buffer or b"MSH" in self._buffer[:64]

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self._buffer)

    def give_up(self) -> None:
        """Hold no more of the frame that has begun; when it ends it is given as ``TooLarge``."""
        if self._head is None:
            self._head = bytes(self._buffer[:HEAD])
        self._buffer.clear()
        self._looked = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Whole frames that these bytes complete, ``TooLarge`` where one was given up."""
        self._buffer += data
        found: list[bytes] = []
        while (end := self._buffer.find(FS, self._looked)) >= 0:
            frame = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._looked = 0
            if self._head is not None:
                # its head says whose it was; a new beginning in what was dropped is not looked for
                found.append(TooLarge(self._head[self._head.rfind(VT) + 1 :]))
                self._head = None
                continue
            # a sender that starts anew inside a frame has given the first one up
            start = frame.rfind(VT)
            frame = frame[start + 1 :]
            if start >= 0 or frame.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"MSH"):
                found.append(frame)
        self._looked = len(self._buffer)
        if self._head is not None or self._looked > self._largest:
            self.give_up()
        elif not self.is_inside and len(self._buffer) > 65536:
            # nothing that looks like a message: do not hoard it
            del self._buffer[:-64]
            self._looked = len(self._buffer)
        return found


def framed(message: bytes) -> bytes:
    """A message ready to be sent."""
    return VT + message + FS + CR
