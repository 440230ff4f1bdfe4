"""Runs the gateway of this installation."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import sys

from ingestion.archive import Archive
from ingestion.astm import host
from ingestion.astm.download import send_downloads
from ingestion.astm.gateway import Gateway
from ingestion.files.drop import LOOK_EVERY, Drop
from ingestion.interpreter import make_engine
from ingestion.listening import listen
from ingestion.tls import server_context
from ops_app.mechanisms.device_messages.astm import Message
from saulyq.errors import SaulyqError
from saulyq.settings import Settings, settings

log = logging.getLogger(__name__)


def tls_context(current: Settings) -> ssl.SSLContext | None:
    """TLS as the installation sets it; None where none is set."""
    return server_context(current.astm_certificate, current.astm_key, current.astm_client_authorities, gateway="ASTM")


async def run() -> None:
    """Listen until told to stop."""
    current = settings()
    archive = Archive(current.libpq_url("app"))
    engine = make_engine(current.database_url("app"))

    async def answer(sender: str, peer: str, message: Message) -> bytes | None:
        try:
            return await asyncio.to_thread(host.answer, engine, sender, peer, message)
        except Exception:
            # the question is archived; the analyser will ask again, and the tube can be measured by hand
            log.exception("a question of %s could not be answered", sender)
            return None

    gateway = Gateway(archive, answer)
    drop = Drop(current.home / "devices", archive, engine)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await listen(gateway.serve, current.bind, current.astm_port, tls_context(current), gateway="ASTM")
    tasks = [asyncio.create_task(watch(drop)), asyncio.create_task(send_downloads(gateway, engine))]
    try:
        await stop.wait()
    finally:
        for task in tasks:
            task.cancel()
        server.close()
        for connection in list(gateway.connections):
            connection.writer.close()
        archive.close()


async def watch(drop: Drop) -> None:
    """Look into the folders of devices again and again."""
    while True:
        try:
            await asyncio.to_thread(drop.look)
        except Exception:
            # a database or a disk that is away comes back; the files wait where they are
            log.exception("the folders of devices could not be read")
        await asyncio.sleep(LOOK_EVERY)


def main() -> None:
    """Run it."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(run())
    except SaulyqError as error:
        sys.exit(f"saulyq: {error}")


if __name__ == "__main__":
    main()
