"""The HL7 gateway: takes messages over MLLP, archives each, then acknowledges it.

It stands alone: with nothing but the database it keeps and answers; what the messages become is the
interpreter's business.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import sys
from asyncio import StreamReader, StreamWriter

from ingestion.archive import Archive, Kept
from ingestion.hl7.framing import HEAD, Frames, TooLarge, framed
from ingestion.hl7.intake import Judged, answers, batch_answer, judge, too_large
from ingestion.listening import Seats, abort, address_of, keep_alive, listen
from ingestion.tls import server_context
from ops_app.mechanisms.device_messages.hl7 import is_batch, split_batch
from saulyq.errors import SaulyqError
from saulyq.settings import Settings, settings

log = logging.getLogger(__name__)

UNFINISHED_SECONDS = 60.0
"""How long a frame may rest between two of its bytes."""
MOST_CONNECTIONS = 500
CHUNK = 65536
MOST_HELD_BYTES = 512 * 1024 * 1024
"""Of all frames that have begun and not ended; one that goes beyond is dropped and refused."""


class Gateway:
    """The connections of one process."""

    def __init__(
        self, archive: Archive, *, unfinished_seconds: float = UNFINISHED_SECONDS, connections: int = MOST_CONNECTIONS
    ):
        self._archive = archive
        self._unfinished_seconds = unfinished_seconds
        self._seats = Seats(connections, abort)
        self._held = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection until its end."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._seats.take(writer, address_of(writer))
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            # the other side is gone, or this process ends: what was not acknowledged comes again
            log.debug("a connection ended")
        finally:
            self._seats.leave(writer)
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        keep_alive(writer)
        peer = (writer.get_extra_info("peername") or ("",))[0]
        frames = Frames()
        try:
            await self._answer(reader, writer, frames, peer)
        finally:
            self._held -= frames.size

    async def _answer(self, reader: StreamReader, writer: StreamWriter, frames: Frames, peer: str) -> None:
        while True:
            try:
                async with asyncio.timeout(self._unfinished_seconds if frames.is_inside else None):
                    data = await reader.read(CHUNK)
            except TimeoutError:
                log.warning("%s: an unfinished frame rested too long; closed", peer)
                return
            if not data:
                if frames.is_inside:
                    log.warning("%s: closed inside a frame; nothing of it was acknowledged", peer)
                return
            for frame in self._take(frames, data):
                self._seats.used(writer)
                if reply := await self._reply(frame, peer):
                    writer.write(reply)
                    await writer.drain()

    def _take(self, frames: Frames, data: bytes) -> list[bytes]:
        """Whole frames; what all connections together have begun stays within bounds."""
        before = frames.size
        whole = frames.feed(data)
        if frames.size > HEAD and self._held + frames.size - before > MOST_HELD_BYTES:
            frames.give_up()
        self._held += frames.size - before
        return whole

    async def _reply(self, frame: bytes, peer: str) -> bytes:
        """Archive what a frame holds; the bytes to send back, none where none were asked for."""
        if isinstance(frame, TooLarge):
            log.warning("%s: a message is too large and was not kept", peer)
            return framed(too_large(frame))
        pieces = split_batch(frame) or [frame]
        judged = [judge(piece, peer) for piece in pieces]
        told = [answers(each, kept) for each, kept in await self._keep(judged)]
        if is_batch(frame):
            return framed(batch_answer([one for each in told for one in each]))
        if len(told) > 1:
            # several messages in one frame without a batch header: one frame back, as a sender expects
            everything = b"".join(one for each in told for one in each)
            return framed(everything) if everything else b""
        # written at once: who reads only one frame must not find the second before its next answer
        return b"".join(framed(one) for one in told[0])

    async def _keep(self, judged: list[Judged]) -> list[tuple[Judged, Kept | None]]:
        promises = self._archive.submit_all([each.received for each in judged])
        kept = await asyncio.gather(*map(asyncio.wrap_future, promises), return_exceptions=True)
        found: list[tuple[Judged, Kept | None]] = []
        for each, result in zip(judged, kept, strict=True):
            if isinstance(result, BaseException):
                log.error("not archived: %s", type(result).__name__)
                found.append((each, None))
            else:
                found.append((each, result))
        return found

    async def close(self) -> None:
        """End every connection; what was not acknowledged yet comes again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def tls_context(current: Settings) -> ssl.SSLContext | None:
    """TLS as the installation sets it; None where none is set."""
    return server_context(current.hl7_certificate, current.hl7_key, current.hl7_client_authorities, gateway="HL7")


async def serve(current: Settings, archive: Archive) -> None:
    """Take messages until told to stop."""
    gateway = Gateway(archive)
    server = await listen(gateway.connected, current.bind, current.hl7_port, tls_context(current), gateway="HL7")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("listening on %s:%s", current.bind, current.hl7_port)
    async with server:
        await stop.wait()
        server.close()
        await gateway.close()


def main() -> None:
    """Run the gateway of this installation."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    current = settings()
    archive = Archive(current.libpq_url("app"))
    try:
        asyncio.run(serve(current, archive))
    except SaulyqError as error:
        sys.exit(f"saulyq: {error}")
    finally:
        archive.close()


if __name__ == "__main__":
    main()
