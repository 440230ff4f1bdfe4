"""MLLP (HL7 transport, release 1): a message stands between VT and FS CR."""

from __future__ import annotations

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
LARGEST_FRAME = 32 * 1024 * 1024


class TooLarge(Exception):
    """A frame grows beyond what any device sends."""


class Frames:
    """Takes bytes as they come and gives whole frames; junk between frames is dropped."""

    def __init__(self, largest: int = LARGEST_FRAME):
        self._buffer = bytearray()
        self._largest = largest
        self._looked = 0

    @property
    def is_inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return VT in self._buffer or b"MSH" in self._buffer[:64]

    def feed(self, data: bytes) -> list[bytes]:
        """Whole frames that these bytes complete."""
        self._buffer += data
        found = []
        while (end := self._buffer.find(FS, self._looked)) >= 0:
            frame = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._looked = 0
            # a sender that starts anew inside a frame has given the first one up
            start = frame.rfind(VT)
            frame = frame[start + 1 :]
            if start >= 0 or frame.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"MSH"):
                found.append(frame)
        self._looked = len(self._buffer)
        if self._looked > self._largest:
            raise TooLarge
        if not self.is_inside and len(self._buffer) > 65536:
            # nothing that looks like a message: do not hoard it
            del self._buffer[:-64]
            self._looked = len(self._buffer)
        return found


def framed(message: bytes) -> bytes:
    """A message ready to be sent."""
    return VT + message + FS + CR
