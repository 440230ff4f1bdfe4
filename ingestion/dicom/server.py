"""The listening side: connections get our socket, our machine and our provider."""

from __future__ import annotations

import socket
import struct
from typing import Any, cast

from pynetdicom.association import Association
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from ingestion.dicom.receiving import Store, StoringProvider
from ingestion.dicom.transport import AbortingMachine, PromptSocket

IDLE_SECONDS = 300


class PromptServer(ThreadedAssociationServer):
    """Listens; connections that rest in the middle of something do not stay for ever."""

    store: Store

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; a TLS handshake is left to the thread of the association."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # timeouts of the kernel: those of Python cost another call each time
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", IDLE_SECONDS, 0))
        if self.ssl_context is not None:
            connection = self.ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address


class PromptRequests(RequestHandler):
    """Prepares the association of a connection."""

    def _create_association(self) -> Association:
        made: Association = super()._create_association()
        # a second socket object would announce the connection twice
        made.dul.socket.__class__ = PromptSocket
        made.dul.state_machine.__class__ = AbortingMachine
        made.dul.__class__ = StoringProvider
        cast(StoringProvider, made.dul).store = cast(PromptServer, self.server).store
        return made
