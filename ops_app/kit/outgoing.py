"""The one way out: every connection to another system goes by the gateway of the installation, if it has one.

Order ҚР ДСМ-80, item 28(1), lets the system reach the internet by the single gateway only. Nothing else opens
connections: ``pyproject.toml`` forbids it to the rest of the code.
"""

from __future__ import annotations

import base64
import smtplib
import socket
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from saulyq.settings import settings

OWN_MACHINE = ("127.0.0.1", "localhost", "::1")
LONGEST_ANSWER = 8192

Client = httpx.Client


def gateway_for(host: str) -> str | None:
    """Address of the gateway by which a host is reached; None for this machine and the facility's own network."""
    current = settings()
    direct = {*OWN_MACHINE, *current.gateway_except.lower().split()}
    return None if host.lower() in direct else current.gateway_url


def client(url: str, **options: Any) -> Client:
    """A client for requests to the host of ``url``; what the environment says about proxies does not count."""
    return Client(proxy=gateway_for(httpx.URL(url).host), trust_env=False, **options)


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """A connection to a port; ``OSError`` where there is none, also when the gateway refuses it."""
    gateway = gateway_for(host)
    if gateway is None:
        return socket.create_connection((host, port), timeout)
    parts = urlsplit(gateway)
    made = socket.create_connection((parts.hostname or "", parts.port or 80), timeout)
    try:
        _tunnel(made, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", parts.username, parts.password)
    except BaseException:
        made.close()
        raise
    return made


def _tunnel(made: socket.socket, target: str, user: str | None, password: str | None) -> None:
    """RFC 9110, CONNECT. Read byte by byte: what follows the answer belongs to the other side already."""
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if user is not None:
        known = base64.b64encode(f"{unquote(user)}:{unquote(password or '')}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {known}")
    made.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = made.recv(1)
        if not byte or len(answer) > LONGEST_ANSWER:
            raise ConnectionError("the gateway gave no whole answer")
        answer += byte
    status = answer.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(status) < 2 or not status[1].startswith("2"):
        raise ConnectionRefusedError(f"the gateway refused: {' '.join(status[1:])}")


class Smtp(smtplib.SMTP):
    """A mail server reached by the gateway."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect(host, port, timeout)


class SmtpTls(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(connect(host, port, timeout), server_hostname=host)
