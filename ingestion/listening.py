"""Ports of the gateways on asyncio: one listener a port, seats for connections, and cables that were pulled."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from saulyq.errors import SaulyqError

log = logging.getLogger(__name__)

Held = TypeVar("Held")

# a device whose cable was pulled is let go after about five minutes; the kernel's own wait is two hours
KEEP_ALIVE = ((socket.TCP_KEEPIDLE, 120), (socket.TCP_KEEPINTVL, 30), (socket.TCP_KEEPCNT, 6))


async def listen(
    connected: Callable[[StreamReader, StreamWriter], Awaitable[None]],
    address: str,
    port: int,
    context: ssl.SSLContext | None,
    *,
    gateway: str,
) -> asyncio.Server:
    """Open the port; ``SaulyqError`` where another program has it."""
    try:
        return await asyncio.start_server(connected, address, port, ssl=context, backlog=200)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SaulyqError(
            "the %(gateway)s gateway cannot listen: port %(port)s of %(address)s is in use",
            gateway=gateway,
            port=str(port),
            address=address,
        ) from None


def keep_alive(writer: StreamWriter) -> None:
    """Devices hold a connection for days; one that is gone without a word must not stay for ever."""
    connection = writer.get_extra_info("socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, seconds in KEEP_ALIVE:
        connection.setsockopt(socket.IPPROTO_TCP, option, seconds)


def address_of(writer: StreamWriter) -> str:
    """The address at the other end; empty when it is gone already."""
    address = writer.get_extra_info("peername")
    return str(address[0]) if address else ""


def abort(writer: StreamWriter) -> None:
    """Close without waiting for the other end."""
    writer.transport.abort()


class Seats(Generic[Held]):
    """Connections of one gateway; when all seats are taken, whoever holds most of them gives one back.

    A program that opens a connection for each message and closes none must not lock the other devices out: of its
    connections the one goes over which nothing has come longest.
    """

    def __init__(self, number: int, close: Callable[[Held], None]):
        self._number = number
        self._close = close
        self._taken: dict[Held, str] = {}
        """Whose each is, the one that rested longest first."""

    def take(self, connection: Held, peer: str) -> None:
        """Seat a new connection of this address."""
        if len(self._taken) >= self._number:
            (greedy, held), *_others = Counter(self._taken.values()).most_common(1)
            resting = next(each for each, whose in self._taken.items() if whose == greedy)
            log.warning("%s connections, %s of them from %s: one is closed", len(self._taken), held, greedy)
            self.leave(resting)
            self._close(resting)
        self._taken[connection] = peer

    def used(self, connection: Held) -> None:
        """A whole message came over it."""
        if (peer := self._taken.pop(connection, None)) is not None:
            self._taken[connection] = peer

    def leave(self, connection: Held) -> None:
        """It has ended."""
        self._taken.pop(connection, None)

    def prune(self, ended: Callable[[Held], bool]) -> None:
        """Let go of those that ended without a word."""
        for connection in [each for each in self._taken if ended(each)]:
            self.leave(connection)
