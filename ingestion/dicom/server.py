"""The listening side: connections get our socket, our machine and our provider."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, cast

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from ingestion.dicom.receiving import PatientMessages, Store, StoringProvider
from ingestion.dicom.transport import AbortingMachine, PromptSocket
from ingestion.listening import Seats

log = logging.getLogger(__name__)

IDLE_SECONDS, HANDSHAKE_SECONDS = 300, 30
ASSOCIATIONS = 100
# connections that have not said yet who they are
MOST_SILENT = 100
# PS3.8 section 9.3.4: transient, by the presentation layer, local limit exceeded
LIMIT_EXCEEDED = (0x02, 0x03, 0x02)


class PromptServer(ThreadedAssociationServer):
    """Listens; connections that rest in the middle of something do not stay for ever."""

    store: Store
    on_end: Sequence[Callable[[], None]] = ()
    """What ends with it."""

    def __init__(self, *arguments: Any, **named: Any):
        self._silent: Seats[socket.socket] = Seats(MOST_SILENT, _hang_up)
        self._lock = threading.Lock()
        super().__init__(*arguments, **named)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Whoever opens connections and says nothing must not keep the others out."""
        with self._lock:
            self._silent.prune(lambda each: each.fileno() < 0)
            self._silent.take(request, str(client_address[0]))
        super().process_request(request, client_address)

    def requested(self, connection: socket.socket | None) -> None:
        """It has asked for an association."""
        if connection is not None:
            with self._lock:
                self._silent.leave(connection)

    def server_close(self) -> None:
        """Close the port, then what belongs to it."""
        super().server_close()
        ending, self.on_end = self.on_end, ()
        for end in ending:
            end()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; a TLS handshake is left to the thread of the association."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.ssl_context is not None:
            wrapped = self.ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            wrapped.settimeout(HANDSHAKE_SECONDS)
            return wrapped, address
        # timeouts of the kernel: those of Python cost another call each time
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", IDLE_SECONDS, 0))
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that came to nothing, such as one that speaks no TLS."""
        log.warning("a connection from %s ended: %s", client_address, sys.exception())


def _hang_up(connection: socket.socket) -> None:
    # beside TLS, whose own farewell would run against the thread that reads; the reader then finds the end
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def refused_for_number(event: evt.Event) -> bool:
    """Handle ``EVT_REQUESTED``: whether so many associations are open that this one has to come again.

    pynetdicom's own limit counts connections too that never asked for an association.
    """
    asking = event.assoc
    cast(PromptServer, asking._server).requested(asking.dul.socket.socket if asking.dul.socket is not None else None)
    if sum(each.is_acceptor and each.is_established for each in asking.ae.active_associations) < ASSOCIATIONS:
        return False
    asking.acse.send_reject(*LIMIT_EXCEEDED)
    asking.kill()
    return True


class PromptRequests(RequestHandler):
    """Prepares the association of a connection."""

    def handle(self) -> None:
        """Finish the TLS handshake, then serve the association."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
            self.request.settimeout(IDLE_SECONDS)
        super().handle()

    def _create_association(self) -> Association:
        made: Association = super()._create_association()
        # a second socket object would announce the connection twice
        made.dul.socket.__class__ = PromptSocket
        made.dul.state_machine.__class__ = AbortingMachine
        made.dul.__class__ = StoringProvider
        provider = cast(StoringProvider, made.dul)
        provider.store, provider.rests = cast(PromptServer, self.server).store, threading.Event()
        provider.rests.set()
        made.dimse.__class__ = PatientMessages
        return made
