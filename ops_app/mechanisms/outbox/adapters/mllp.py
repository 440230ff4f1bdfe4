"""HL7 v2 over MLLP: a laboratory or another system that takes messages on a socket and acknowledges them."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Mapping

from ops_app.kit import outgoing
from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.outbox.adapter import NotReady, Parcel, Receipt, Refused, TryLater
from ops_app.mechanisms.outbox.declaration import System

SECONDS = 30.0
_START, _END = b"\x0b", b"\x1c\r"
LARGEST_ANSWER = 1024 * 1024


class MllpAdapter:
    """Environment: ``_ADDRESS`` (host:port); ``_CA`` for TLS, with ``_CERTIFICATE`` and ``_KEY`` where asked for.

    The body of a message is ``{"hl7": "MSH|…"}``, one segment a line. Its control id is the message's key as far as
    twenty letters go, so that a receiver recognises a repetition.
    """

    def __init__(self, system: System):
        self.system = system
        host, _, port = (system.setting("ADDRESS") or "").rpartition(":")
        self.address = (host, int(port)) if host and port.isdigit() else None
        self._socket: socket.socket | None = None

    def configured(self) -> bool:
        """Whether there is an address."""
        return self.address is not None

    def ready(self) -> bool:
        """Whether somebody listens."""
        try:
            self._connected()
        except OSError:
            return False
        return True

    def send(self, parcel: Parcel) -> Receipt:
        """Send one message and read its acknowledgement."""
        raw, sent = lines_of(parcel)
        try:
            connection = self._connected()
        except OSError as error:
            raise NotReady("network", type(error).__name__) from None
        try:
            connection.sendall(_START + raw + _END)
            answered = self._answer(connection)
        except OSError as error:
            # sent perhaps, answered never: the control id lets the receiver recognise the repetition
            self.close()
            raise TryLater("network", type(error).__name__) from None
        return judged(sent, answered)

    def held(self, day: dt.date) -> Mapping[str, str] | None:
        """HL7 has no question for what a system holds."""
        return None

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            assert self.address is not None
            made = outgoing.connect(*self.address, timeout=SECONDS)
            if authorities := self.system.setting("CA"):
                context = ssl.create_default_context(cafile=authorities)
                if certificate := self.system.setting("CERTIFICATE"):
                    context.load_cert_chain(certificate, self.system.setting("KEY"))
                made = context.wrap_socket(made, server_hostname=self.address[0])
            self._socket = made
        return self._socket

    def _answer(self, connection: socket.socket) -> bytes:
        found = b""
        while _END[:1] not in found:
            data = connection.recv(65536)
            if not data or len(found) > LARGEST_ANSWER:
                raise ConnectionError("no whole answer")
            found += data
        return found.partition(_END[:1])[0].lstrip(_START)


def lines_of(parcel: Parcel) -> tuple[bytes, hl7.Message]:
    """The message of a parcel as it goes over the network, and as it is read."""
    text = str(parcel.body.get("hl7", ""))
    raw = ("\r".join(text.splitlines()) + "\r").encode()
    try:
        return raw, hl7.read(raw)
    except hl7.NotHl7:
        raise Refused("ours", "no HL7 message") from None


def judged(sent: hl7.Message, answered: bytes) -> Receipt:
    """What an acknowledgement says of a message."""
    try:
        acknowledged = hl7.read(answered).first("MSA")
    except hl7.NotHl7:
        acknowledged = None
    if acknowledged is None or acknowledged.text(2) != sent.control_id:
        raise TryLater("theirs", "no acknowledgement of this message")
    code, said = acknowledged.text(1), answered.decode("utf-8", "replace")[:1000]
    if code in ("AA", "CA"):
        return Receipt(sent.control_id)
    if code in ("AR", "CR"):
        # by the standard a rejection may have nothing to do with the content
        raise TryLater("theirs", code, said)
    raise Refused("theirs", code or "no code", said)
