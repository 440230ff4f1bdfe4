"""Associations that we open: to whom they are encrypted, whose certificates are believed, who reads the answers."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from pynetdicom import evt
from pynetdicom.dimse import DIMSEServiceProvider, DimseServiceType

from ingestion.dicom.senders import Sender
from ingestion.tls import client_context
from saulyq.settings import Settings


class AwaitedMessages(DIMSEServiceProvider):
    """The messages of an association that asks: who asked gets the answer.

    The association's own thread looks for messages too. pynetdicom pauses it before a question, but takes a thread
    that was just let go for one that still rests; the answer it then takes away is missed for ``dimse_timeout``
    seconds, and the association ends. On a busy machine that met one object of some hundreds.
    """

    def get_msg(self, block: bool = False) -> tuple[int, DimseServiceType] | tuple[None, None]:
        """The next message, if there is one; none for the association's own thread while somebody waits."""
        if not block and not self.assoc._reactor_checkpoint.is_set():
            return None, None
        return super().get_msg(block)


def prompt(event: evt.Event) -> None:
    """Handle ``EVT_ESTABLISHED`` of an association that we opened."""
    event.assoc.dimse.__class__ = AwaitedMessages
    # an object is a small request and its data: gathered, the second waits 40 ms for the first to be confirmed
    network = event.assoc.dul.socket.socket if event.assoc.dul.socket is not None else None
    if network is not None:
        network.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def options(current: Settings, station: Sender) -> dict[str, Any]:
    """What pynetdicom's ``associate`` needs beside the address of a station."""
    made: dict[str, Any] = {"evt_handlers": [(evt.EVT_ESTABLISHED, prompt)]}
    if station.tls and station.address is not None:
        made["tls_args"] = (_context(current), station.address[0])
    return made


def check(current: Settings) -> None:
    """Refuse to start with files that could not be used later."""
    if current.dicom_peer_authorities is not None:
        _context(current)


def _context(current: Settings) -> ssl.SSLContext:
    return client_context(current.dicom_peer_authorities, current.dicom_certificate, current.dicom_key, gateway="DICOM")
