"""Reading the network in pieces of the size it has; pynetdicom asks for 4 KiB at a time."""

from __future__ import annotations

import select
import socket
import ssl
from typing import cast

from pynetdicom.association import Association
from pynetdicom.fsm import StateMachine
from pynetdicom.pdu import A_ABORT_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AssociationSocket

LARGEST_PDU = 131_072
"""What we offer to receive; dcmtk sends no larger ones."""
# an association request lists up to 128 contexts with all their syntaxes
LARGEST_CLAIM = 4 << 20


class PromptSocket(AssociationSocket):
    """The same socket, read with few calls, and never beyond what a PDU may hold."""

    _ahead = b""
    _buffer = bytearray()

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes, fewer only when the other side went away."""
        _plausible(nr_bytes)
        found = bytearray(nr_bytes)
        return found[: self._fill(memoryview(found))]

    def content(self, size: int) -> memoryview:
        """Read so many bytes into the buffer of this socket; they are valid until the next call."""
        _plausible(size)
        if len(self._buffer) < size:
            self._buffer = bytearray(max(size, LARGEST_PDU))
        view = memoryview(self._buffer)[:size]
        if self._fill(view) < size:
            raise OSError("closed in the middle of a PDU")
        return view

    def unread(self, content: bytes) -> None:
        """Put bytes back; they are read again before those of the network."""
        self._ahead = content + self._ahead

    def waits(self, seconds: float) -> bool:
        """Whether something can be read, now or in so many seconds."""
        if self.socket is None:
            return False
        if self._ahead or (isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()):
            return True
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    @property
    def ready(self) -> bool:
        """Whether there is something to read; a closed connection is an event."""
        return bool(self._ahead) or bool(super().ready)

    def _fill(self, view: memoryview) -> int:
        at = min(len(self._ahead), len(view))
        view[:at] = self._ahead[:at]
        self._ahead = self._ahead[at:]
        while at < len(view):
            network = self._network()
            if isinstance(network, ssl.SSLSocket):
                count = network.recv_into(view[at:])
            else:
                # one call for the whole PDU
                count = network.recv_into(view[at:], 0, socket.MSG_WAITALL)
            if not count:
                break
            at += count
        return at

    def _network(self) -> socket.socket:
        if self.socket is None:
            raise OSError("closed")
        return self.socket


def _plausible(size: int) -> None:
    if size > LARGEST_CLAIM:
        raise OSError(f"a PDU claims {size} bytes")


class AbortingMachine(StateMachine):
    """Tells the other side when a message of its breaks the protocol, instead of only closing the connection."""

    def do_action(self, event: str) -> None:
        """Act on an event; A-ABORT by the provider when that fails."""
        try:
            super().do_action(event)
        except Exception:
            abort = A_ABORT_RQ()
            abort.source, abort.reason_diagnostic = 0x02, 0x00
            if self.dul.socket is not None:
                self.dul.socket.send(abort.encode())
            raise


def peer_title(association: Association) -> str:
    """How the other side calls itself."""
    return str(cast(A_ASSOCIATE, association.requestor.primitive).calling_ae_title).strip()
