"""Runs the gateway of this installation."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

from ingestion.archive import Archive
from ingestion.astm.gateway import Gateway
from ops_app.mechanisms.device_messages.astm import Message
from saulyq.settings import settings


async def run() -> None:
    """Listen until told to stop."""
    current = settings()
    archive = Archive(current.libpq_url("app"))
    gateway = Gateway(archive, _nothing)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncio.start_server(gateway.serve, current.bind, current.astm_port)
    try:
        await stop.wait()
    finally:
        server.close()
        for connection in list(gateway.connections):
            connection.writer.close()
        archive.close()


async def _nothing(_sender: str, _peer: str, _message: Message) -> bytes | None:
    return None


def main() -> None:
    """Run it."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(run())


if __name__ == "__main__":
    main()
