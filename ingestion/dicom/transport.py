"""Reading the network in pieces of the size it has; pynetdicom asks for 4 KiB at a time."""

from __future__ import annotations

from typing import cast

from pynetdicom.association import Association
from pynetdicom.fsm import StateMachine
from pynetdicom.pdu import A_ABORT_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.transport import AssociationSocket, RequestHandler

LARGEST_PDU = 131_072
"""What we offer to receive; dcmtk sends no larger ones."""
PIECE = 262_144
# an association request lists up to 128 contexts with all their syntaxes
LARGEST_CLAIM = 4 << 20


class PromptSocket(AssociationSocket):
    """The same socket, read with few calls, and never beyond what a PDU may hold."""

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes, fewer only when the other side went away."""
        if nr_bytes > LARGEST_CLAIM:
            raise OSError(f"a PDU claims {nr_bytes} bytes")
        assert self.socket is not None
        found = bytearray(nr_bytes)
        view, at = memoryview(found), 0
        while at < nr_bytes:
            count = self.socket.recv_into(view[at : at + PIECE])
            if not count:
                break
            at += count
        del view
        return found[:at]


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


class PromptRequests(RequestHandler):
    """Gives each association the prompt socket and the machine that aborts."""

    def _create_association(self) -> Association:
        made: Association = super()._create_association()
        # a second socket object would announce the connection twice
        made.dul.socket.__class__ = PromptSocket
        made.dul.state_machine.__class__ = AbortingMachine
        return made


def peer_title(association: Association) -> str:
    """How the other side calls itself."""
    return str(cast(A_ASSOCIATE, association.requestor.primitive).calling_ae_title).strip()
