"""The channels beside the app itself, behind one small interface; e-mail is the first."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from typing import Protocol

from ops_app.kit import outgoing


@dataclass(frozen=True, slots=True)
class Letter:
    """What leaves the house: a general sentence and a link to this app, in the recipient's language."""

    number: int
    """Of the delivery; a repeated letter bears the same."""
    address: str
    subject: str
    text: str


class Channel(Protocol):
    """A way to tell somebody outside of the app."""

    def configured(self) -> bool:
        """Whether this installation can use it."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over; what it raises is tried again."""


class Email:
    """SMTP, set by ``SAULYQ_SMTP_HOST``, ``_PORT``, ``_USER``, ``_PASSWORD``, ``_FROM``, ``_SECURITY``.

    Security is ``starttls`` (as usual), ``tls``, or ``none`` for a server on this machine.
    """

    def __init__(self) -> None:
        self.host = os.environ.get("SAULYQ_SMTP_HOST", "")
        self.security = os.environ.get("SAULYQ_SMTP_SECURITY") or "starttls"
        usual = {"tls": "465", "none": "25"}.get(self.security, "587")
        self.port = int(os.environ.get("SAULYQ_SMTP_PORT") or usual)
        self.user = os.environ.get("SAULYQ_SMTP_USER")
        self.sender = os.environ.get("SAULYQ_SMTP_FROM", "")

    def configured(self) -> bool:
        """Whether there is a server and a sender."""
        return bool(self.host and self.sender)

    def send(self, letter: Letter) -> None:
        """Send one letter."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = letter.address
        message["Subject"] = letter.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<saulyq-{letter.number}@{self.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        trusted = ssl.create_default_context()
        if self.security == "tls":
            with outgoing.SmtpTls(self.host, self.port, timeout=20, context=trusted) as server:
                self._hand_over(server, message)
            return
        with outgoing.Smtp(self.host, self.port, timeout=20) as server:
            if self.security != "none":
                server.starttls(context=trusted)
            self._hand_over(server, message)

    def _hand_over(self, server: outgoing.Smtp | outgoing.SmtpTls, message: EmailMessage) -> None:
        if self.user:
            server.login(self.user, os.environ.get("SAULYQ_SMTP_PASSWORD", ""))
        server.send_message(message)


CHANNELS: dict[str, type[Channel]] = {"email": Email}
