"""The ASTM gateway: analysers connect, what they send is archived before its acknowledgement, questions are answered.

``python -m ingestion.astm`` runs it; it needs only the database.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ingestion.archive import Archive, Kept, Received
from ingestion.astm.framing import (
    ACK,
    ENQ,
    EOT,
    NAK,
    RETRIES,
    Answered,
    Dropped,
    Ended,
    Frame,
    Link,
    Reply,
    frames,
    split_messages,
)
from ingestion.listening import Seats, abort, address_of, keep_alive
from ops_app.mechanisms.device_messages.astm import BadMessage, Message, parse

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 200
LARGEST_UNFRAMED = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Times:
    """Timers of E1381, in seconds."""

    frame: float = 30.0
    """A receiver waits so long for the next frame."""
    answer: float = 15.0
    """A sender waits so long for the answer to ENQ or to a frame."""
    contention: float = 20.0
    """The host waits so long after both sides asked to send: the analyser goes first."""
    busy: float = 10.0
    """The host waits so long after a NAK to its ENQ."""
    unframed: float = 5.0
    """Silence that ends a message without frames."""
    keep: float = 10.0
    """An archive that says nothing for so long is away: the analyser hears NAK before its own wait for the answer is
    over. An ACK that came later would stand where it waits for the answer to its next ENQ, and every answer after it
    would be taken for that to the frame before: a last frame would count as kept before it is."""
    idle: float = 24 * 3600.0
    """A connection without any byte for so long is closed."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for an analyser, and who wants to know whether it was taken."""

    data: bytes
    taken: asyncio.Future[bool] | None = None


@dataclass(eq=False)
class Connection:
    """One analyser on the wire."""

    reader: StreamReader
    writer: StreamWriter
    peer: str
    link: Link = field(default_factory=Link)
    sender: str = ""
    waiting: list[Outgoing] = field(default_factory=list)
    """Messages to send when the line is free."""
    questions: list[Message] = field(default_factory=list)
    """Asked and acknowledged; answered when the analyser gives the line back, for no acknowledgement waits for that."""
    hold_until: float = 0.0
    """After both sides asked to send the analyser goes first."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)


Answer = Callable[[str, str, Message], Awaitable[bytes | None]]
"""What to send back for a question: sender, peer and message in, message out."""


def received(raw: bytes, peer: str, *, ended: bool = True) -> tuple[Received, Message | None]:
    """How a message is archived: who says it, and what recognises it when it comes again.

    Few analysers number their messages (H-3), so the content itself is the number: what comes twice,
    byte for byte, with its times, is the repetition of a sender who missed our acknowledgement.
    """
    text = decode(raw)[0]
    message: Message | None = None
    error: dict[str, object] | None = None
    try:
        message = parse(text)
    except BadMessage as refused:
        error = _error(refused.text, refused.record, refused.field)
    else:
        if not ended:
            error = _error("The message ends without a terminator record", "L", None)
    sender = (message.header.raw(5).strip() if message else "") or peer
    number = (message.header.text(3) if message else "") or hashlib.sha256(raw).hexdigest()[:32]
    charset = decode(raw)[1]
    kind = message.kind if message else None
    kept = Received("astm", sender, None, number, kind, raw, charset, peer, f"astm:{sender}", None, error)
    return kept, message


def _error(text: str, record: str | None, position: int | None) -> dict[str, object]:
    return {"segment": record, "field": position, "component": None, "code": "207", "text": text}


def decode(raw: bytes) -> tuple[str, str]:
    """Text and its character set: UTF-8 if it is that, else Windows-1251, which fits what is sold here."""
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1251", "replace"), "cp1251"


class Gateway:
    """Serves connections; each is a task of its own."""

    def __init__(
        self, archive: Archive, answer: Answer, times: Times | None = None, *, connections: int = MOST_CONNECTIONS
    ):
        self._archive = archive
        self._answer = answer
        self._times = times or Times()
        self._seats = Seats(connections, abort)
        self.connections: set[Connection] = set()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Talk to one analyser until it hangs up."""
        connection = Connection(reader, writer, address_of(writer))
        self._seats.take(writer, connection.peer)
        self.connections.add(connection)
        try:
            keep_alive(writer)
            await self._talk(connection)
        except (OSError, TimeoutError):
            log.info("connection of %s lost", connection.peer)
        finally:
            self._seats.leave(writer)
            self.connections.discard(connection)
            for each in connection.waiting:
                _tell(each, False)
            writer.close()

    def post(self, is_meant: Callable[[str, str], bool], message: bytes) -> asyncio.Future[bool] | None:
        """Send to an analyser that is connected, when its line is free; None when it is not connected."""
        for connection in self.connections:
            if is_meant(connection.sender, connection.peer):
                taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
                connection.waiting.append(Outgoing(message, taken))
                connection.wake.set()
                return taken
        return None

    async def _talk(self, connection: Connection) -> None:
        while True:
            await self._send_waiting(connection)
            data = await self._next_bytes(connection)
            if data is None:
                continue
            if not data:
                self._note_dropped(connection, connection.link.expire())
                return
            if connection.link.is_neutral and data.lstrip()[:1] in (b"H", b"h", b"#"):
                await self._unframed(connection, data)
                continue
            connection.link.feed(data)
            await self._work(connection)

    async def _next_bytes(self, connection: Connection) -> bytes | None:
        """The next bytes; empty when the analyser hung up, None when a timer ran out or something is to be sent."""
        receiving = connection.link.is_receiving
        limit = self._times.frame if receiving else self._times.idle
        read = asyncio.ensure_future(connection.reader.read(65536))
        wake = asyncio.ensure_future(connection.wake.wait())
        try:
            done, _ = await asyncio.wait({read, wake}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if read in done:
                return read.result()
            if wake in done:
                connection.wake.clear()
                return None
        finally:
            wake.cancel()
            if not read.done():
                read.cancel()
        if not receiving:
            return b""
        self._note_dropped(connection, connection.link.expire())
        return None

    async def _work(self, connection: Connection) -> None:
        link = connection.link
        while (event := link.next_event()) is not None:
            if isinstance(event, Reply):
                await self._write(connection, event.data)
            elif isinstance(event, Frame):
                good = await self._keep_all(connection, event.messages)
                await self._write(connection, link.accept() if good else link.refuse())
            elif isinstance(event, Ended):
                # its frames were acknowledged and will not come again: a database that is away is waited for
                while event.leftover.strip() and not await self._keep(connection, event.leftover, ended=False):
                    await asyncio.sleep(self._times.busy)
                await self._answer_questions(connection)
                connection.hold_until = 0.0
                await self._send_waiting(connection)
            elif isinstance(event, Dropped):
                self._note_dropped(connection, event)

    async def _keep_all(self, connection: Connection, messages: Sequence[bytes]) -> bool:
        """Whether all of them are in the archive, said in time for the analyser to hear it."""
        try:
            async with asyncio.timeout(self._times.keep):
                return all([await self._keep(connection, raw) for raw in messages])
        except TimeoutError:
            # what is written all the same is recognised when it comes again
            log.error("the archive does not answer: a message of %s is refused", connection.peer)
            return False

    async def _keep(self, connection: Connection, raw: bytes, *, ended: bool = True) -> bool:
        record, message = received(raw, connection.peer, ended=ended)
        try:
            kept: Kept = await asyncio.wrap_future(self._archive.submit(record))
        except Exception:
            # not kept, so not acknowledged: the analyser keeps it and tries again
            log.exception("a message of %s could not be archived", record.sender)
            return False
        connection.sender = record.sender
        self._seats.used(connection.writer)
        log.info("message %s of %s%s", kept.id, record.sender, ", known" if kept.duplicate else "")
        if message is not None and message.queries:
            connection.questions.append(message)
        return True

    async def _answer_questions(self, connection: Connection) -> None:
        while connection.questions:
            answer = await self._answer(connection.sender, connection.peer, connection.questions.pop(0))
            if answer is not None:
                connection.waiting.append(Outgoing(answer))

    async def _unframed(self, connection: Connection, data: bytes) -> None:
        """A message sent as plain lines: one ACK or NAK when it is whole."""
        whole = data
        while True:
            messages, rest = split_messages(whole)
            if messages and not rest.strip():
                good = await self._keep_all(connection, messages)
                await self._write(connection, bytes((ACK if good else NAK,)))
                await self._answer_questions(connection)
                await self._send_waiting(connection)
                return
            try:
                more = await asyncio.wait_for(connection.reader.read(65536), self._times.unframed)
            except TimeoutError:
                more = b""
            if not more or len(whole) > LARGEST_UNFRAMED:
                # whole messages before the broken one are kept; the sender learns that something was wrong
                for raw in messages:
                    await self._keep(connection, raw)
                await self._write(connection, bytes((NAK,)))
                return
            whole += more

    async def _send_waiting(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        while connection.waiting and connection.link.is_neutral and loop.time() >= connection.hold_until:
            message = connection.waiting[0]
            outcome = await self._send(connection, message.data)
            if outcome == "collision":
                connection.hold_until = loop.time() + self._times.contention
                loop.call_later(self._times.contention, connection.wake.set)
                return
            connection.waiting.pop(0)
            _tell(message, outcome == "sent")
            log.info("a message to %s was %s", connection.sender or connection.peer, outcome)

    async def _send(self, connection: Connection, message: bytes) -> str:
        link = connection.link
        try:
            outcome = await self._ask_for_the_line(connection)
            if outcome != "sent":
                return outcome
            for frame in frames(message):
                if not await self._send_frame(connection, frame):
                    outcome = "refused"
                    break
            await self._write(connection, bytes((EOT,)))
            return outcome
        finally:
            link.end_sending()

    async def _ask_for_the_line(self, connection: Connection) -> str:
        for _attempt in range(RETRIES):
            await self._write(connection, connection.link.begin_sending())
            code = await self._answer_code(connection)
            if code == ENQ:
                return "collision"
            if code == ACK:
                return "sent"
            await self._write(connection, bytes((EOT,)))
            await asyncio.sleep(self._times.busy if code == NAK else 0)
        return "refused"

    async def _send_frame(self, connection: Connection, frame: bytes) -> bool:
        for _attempt in range(RETRIES):
            await self._write(connection, frame)
            code = await self._answer_code(connection)
            if code in (ACK, EOT):
                # EOT takes the frame and asks for the line: the analyser has something urgent
                return True
        return False

    async def _answer_code(self, connection: Connection) -> int:
        """ACK, NAK, EOT or ENQ; NAK also when nothing came in time."""
        deadline = asyncio.get_running_loop().time() + self._times.answer
        while True:
            event = connection.link.next_event()
            if isinstance(event, Answered):
                return event.code
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return -1
            try:
                data = await asyncio.wait_for(connection.reader.read(4096), left)
            except TimeoutError:
                return -1
            if not data:
                raise ConnectionError
            connection.link.feed(data)

    @staticmethod
    async def _write(connection: Connection, data: bytes) -> None:
        connection.writer.write(data)
        await connection.writer.drain()

    @staticmethod
    def _note_dropped(connection: Connection, event: Dropped | None) -> None:
        if event is not None:
            log.warning("%s gave up a message of %d bytes", connection.sender or connection.peer, len(event.data))


def _tell(message: Outgoing, taken: bool) -> None:
    if message.taken is not None and not message.taken.done():
        message.taken.set_result(taken)
