"""Who may associate: registered AE titles, and others where the installation says so."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pynetdicom import evt
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ingestion.dicom.transport import peer_title
from ops_app.modules.devices.queries import by_sender
from saulyq.settings import Settings

log = logging.getLogger(__name__)

REJECTED_PERMANENTLY, BY_SERVICE_USER, CALLING_TITLE_UNKNOWN = 0x01, 0x01, 0x03


@dataclass(frozen=True, slots=True)
class Sender:
    """A station we know: its device and organisation when it is registered, its address when we may send to it."""

    title: str
    device_id: int | None = None
    organization_id: int | None = None
    address: tuple[str, int] | None = None
    tls: bool = False
    """Whether what we send there is encrypted."""


def peers(current: Settings) -> dict[str, Sender]:
    """Stations of the setting ``SAULYQ_DICOM_PEERS``."""
    found = {}
    for pair in current.dicom_peers.split():
        title, _equals, address = pair.partition("=")
        plain = address.removeprefix("tls:")
        host, _colon, port = plain.rpartition(":")
        if title and host and port.isdigit():
            found[title] = Sender(title, address=(host, int(port)), tls=plain != address)
    return found


def sender(session: Session, current: Settings, title: str) -> Sender | None:
    """The station behind an AE title, if anybody registered it: as a device, or in the settings."""
    listed = peers(current).get(title)
    device = by_sender(session, "dicom", title)
    if device is None:
        return listed
    address, tls = _address(device.address), device.uses_tls
    if address is None and listed is not None:
        address, tls = listed.address, listed.tls
    return Sender(title, device.id, device.organization_id, address, tls)


def _address(written: str | None) -> tuple[str, int] | None:
    host, _colon, port = (written or "").rpartition(":")
    return (host, int(port)) if host and port.isdigit() else None


class Doorkeeper:
    """Refuses strangers with the reason the standard has for them (PS3.8 table 9-21)."""

    def __init__(self, engine: Engine, current: Settings) -> None:
        self._engine = engine
        self._current = current

    def check(self, event: evt.Event) -> None:
        """Handle ``EVT_REQUESTED``."""
        if self._current.accepts_unknown_senders:
            return
        title = peer_title(event.assoc)
        with Session(self._engine) as session:
            known = sender(session, self._current, title)
        if known is None:
            log.warning("refused %s from %s: nobody registered it", title, event.assoc.requestor.address)
            event.assoc.acse.send_reject(REJECTED_PERMANENTLY, BY_SERVICE_USER, CALLING_TITLE_UNKNOWN)
            event.assoc.kill()

    def origin_of(self, title: str) -> Sender:
        """The sender of an association that was let in."""
        with Session(self._engine) as session:
            return sender(session, self._current, title) or Sender(title)
