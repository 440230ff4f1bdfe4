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

from saulyq.errors import SaulyqError

log = logging.getLogger(__name__)

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
        raise SaulyqError(f"the {gateway} gateway cannot listen: port {port} of {address} is in use") from None


def keep_alive(writer: StreamWriter) -> None:
    """Devices hold a connection for days; one that is gone without a word must not stay for ever."""
    connection = writer.get_extra_info("socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for option, seconds in KEEP_ALIVE:
        connection.setsockopt(socket.IPPROTO_TCP, option, seconds)


class Seats:
    """Connections of one gateway; when all seats are taken, whoever holds most of them gives one back.

    A program that opens a connection for each message and closes none must not lock the other devices out: of its
    connections the one goes over which nothing has come longest.
    """

    def __init__(self, number: int):
        self._number = number
        self._taken: dict[StreamWriter, str] = {}
        """Whose each is, the one that rested longest first."""

    def take(self, writer: StreamWriter) -> None:
        """Seat a new connection."""
        if len(self._taken) >= self._number:
            (greedy, held), *_others = Counter(self._taken.values()).most_common(1)
            resting = next(each for each, peer in self._taken.items() if peer == greedy)
            log.warning("%s connections, %s of them from %s: one is closed", len(self._taken), held, greedy)
            self.leave(resting)
            resting.transport.abort()
        address = writer.get_extra_info("peername")
        self._taken[writer] = str(address[0]) if address else ""

    def used(self, writer: StreamWriter) -> None:
        """A whole message came over it."""
        if (peer := self._taken.pop(writer, None)) is not None:
            self._taken[writer] = peer

    def leave(self, writer: StreamWriter) -> None:
        """It has ended."""
        self._taken.pop(writer, None)
