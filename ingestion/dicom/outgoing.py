"""Associations that we open: to whom they are encrypted, and whose certificates are believed."""

from __future__ import annotations

import ssl
from typing import Any

from ingestion.dicom.senders import Sender
from ingestion.tls import client_context
from saulyq.settings import Settings


def options(current: Settings, station: Sender) -> dict[str, Any]:
    """What pynetdicom's ``associate`` needs beside the address of a station."""
    if not station.tls or station.address is None:
        return {}
    return {"tls_args": (_context(current), station.address[0])}


def check(current: Settings) -> None:
    """Refuse to start with files that could not be used later."""
    if current.dicom_peer_authorities is not None:
        _context(current)


def _context(current: Settings) -> ssl.SSLContext:
    return client_context(current.dicom_peer_authorities, current.dicom_certificate, current.dicom_key, gateway="DICOM")
