"""Makes records of archived messages: in order within a lane, each exactly once, nobody blocked by another's.

The change of a message's state and the records it becomes are one transaction. A message that cannot
be interpreted gets the state ``failed`` and waits for a person; what came after it goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, create_engine, exists, func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, aliased

from ingestion.interpreters import INTERPRETERS, PLACES, TELL_REFUSED
from ingestion.outcome import Interpret, NotInterpreted, Outcome
from ops_app.errors import OpsError
from ops_app.kit import clock
from ops_app.models import load_all
from ops_app.modules.ingest.models import InboundMessage
from saulyq.settings import settings

log = logging.getLogger(__name__)

LOOK_EVERY = 0.2
SILENT_AFTER = 30.0
MESSAGES_A_LOOK = 200
MOST_ATTEMPTS = 3
"""A message during which the process ended this often is set aside: it may be what ended it."""
LONGEST_STATEMENT = "60s"


def _is_next(message: type[InboundMessage]) -> ColumnElement[bool]:
    """Nothing of its lane waits before it; what another process has in its hands still waits."""
    earlier = aliased(InboundMessage)
    return and_(
        message.id == bindparam("number"),
        message.state == "received",
        ~exists().where(earlier.lane == message.lane, earlier.state == "received", earlier.id < message.id),
    )


_ASKED = aliased(InboundMessage)
_ATTEMPT = (
    update(InboundMessage)
    .where(
        InboundMessage.id
        == select(_ASKED.id).where(_is_next(_ASKED)).with_for_update(skip_locked=True, of=_ASKED).scalar_subquery()
    )
    .values(attempts=InboundMessage.attempts + 1)
    # nothing is lost with this counter, so nobody waits for the disk
    .returning(InboundMessage.attempts, func.set_config("synchronous_commit", "off", True))
)
# The message itself is on disk, so nobody waits for the disk here either: what a crash takes back with the state of the
# message is made again from it.
_HOLD = (
    select(InboundMessage, func.set_config("synchronous_commit", "off", True))
    .where(_is_next(InboundMessage))
    .with_for_update(skip_locked=True, of=InboundMessage)
)


def make_engine(url: str, *, ping: bool = True) -> Engine:
    """An engine whose errors hold no values and whose statements cannot hang for ever.

    A row is written together with the tables it refers to, of whatever module, so all of them are known here.
    A ping before each use is a trip to the server; who waits for a server that is away can do without.
    """
    load_all()
    options = (
        f"-c idle_in_transaction_session_timeout=60s -c statement_timeout={LONGEST_STATEMENT} "
        "-c lock_timeout=20s -c timezone=UTC"
    )
    return create_engine(url, pool_pre_ping=ping, hide_parameters=True, connect_args={"options": options})


class Interpreter:
    """Takes what waits in the archive; several may run beside each other."""

    def __init__(self, engine: Engine, interpreters: Mapping[str, Interpret] | None = None):
        self._engine = engine
        self._counting = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._interpreters = INTERPRETERS if interpreters is None else interpreters
        self.last_look: float | None = None

    def run_waiting(self) -> int:
        """Interpret all that waits now; says how many messages."""
        self._place_refused()
        number = 0
        while found := self._waiting():
            done = sum(map(self._interpret_one, found))
            number += done
            self.last_look = time.monotonic()
            if not done:
                # everything left is in the hands of another process
                break
        self.last_look = time.monotonic()
        return number

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a database that is away is waited for."""
        while not stop.is_set():
            try:
                found = self.run_waiting()
            except OperationalError:
                log.warning("the database does not answer; waiting")
                stop.wait(1)
                continue
            except Exception:
                # its attempts are counted, so a message that does this every time is set aside
                log.exception("a message could not even be set aside")
                stop.wait(1)
                continue
            if not found:
                stop.wait(LOOK_EVERY)

    def _waiting(self) -> Sequence[int]:
        # oldest first over all lanes too: a merge must not overtake what was said of the record it hides
        waiting = (
            select(InboundMessage.id)
            .where(InboundMessage.state == "received", InboundMessage.channel.in_(self._interpreters))
            .order_by(InboundMessage.id)
            .limit(MESSAGES_A_LOOK)
        )
        with Session(self._engine) as session:
            return session.scalars(waiting).all()

    def _place_refused(self) -> None:
        """Messages refused at the door are never interpreted, but somebody must see them."""
        with Session(self._engine) as session, session.begin():
            unseen = (
                select(InboundMessage)
                .where(InboundMessage.state == "failed", InboundMessage.attempts == 0)
                .order_by(InboundMessage.id)
                .limit(MESSAGES_A_LOOK)
                .with_for_update(skip_locked=True)
            )
            for message in session.scalars(unseen):
                message.attempts = 1
                _hand_over(session, message)

    def _interpret_one(self, number: int) -> bool:
        """One message, if it is the first of its lane and no other process holds it."""
        attempts = self._count_attempt(number)
        if attempts is None:
            return False
        if attempts > MOST_ATTEMPTS:
            return self._set_aside(number, "The program ended several times while it read this message")
        return self._interpret(number)

    def _count_attempt(self, number: int) -> int | None:
        # a transaction of its own, in one trip
        with self._counting.connect() as connection:
            return connection.scalar(_ATTEMPT, {"number": number})

    def _interpret(self, number: int) -> bool:
        with Session(self._engine, expire_on_commit=False) as session:
            message = session.scalar(_HOLD, {"number": number})
            if message is None:
                return False
            try:
                with session.begin_nested():
                    outcome = self._interpreters[message.channel](session, message)
                    session.flush()
                _finish(message, outcome)
            except NotInterpreted as refused:
                _fail(message, refused)
            except OpsError as refused:
                _fail(message, NotInterpreted(refused.message))
            except OperationalError as broken:
                # a lost connection is nobody's message's fault
                if broken.connection_invalidated:
                    raise
                log.warning("message %s: %s", number, type(broken.orig).__name__)
                session.rollback()
                return self._set_aside(number, "The database refused what the message says")
            except DBAPIError as broken:
                log.warning("message %s: %s", number, type(broken.orig).__name__)
                _fail(message, NotInterpreted("The database refused what the message says"))
            except Exception as error:
                # whatever a message does to its interpreter, the next message is read
                log.warning("message %s: %s", number, type(error).__name__, exc_info=True)
                _fail(message, NotInterpreted("The program could not read the message"))
            if message.state == "failed":
                _hand_over(session, message)
            session.commit()
        return True

    def _set_aside(self, number: int, why: str) -> bool:
        with Session(self._engine) as session, session.begin():
            message = session.get_one(InboundMessage, number, with_for_update=True)
            if message.state == "received":
                _fail(message, NotInterpreted(why))
        return True


def _finish(message: InboundMessage, outcome: Outcome) -> None:
    message.state = "archived" if outcome.archived else "done"
    message.outcome = [{"kind": each.kind, "id": each.id} for each in outcome.records]
    if outcome.note:
        message.outcome.append({"note": outcome.note})
    message.error, message.processed_at = None, clock.now()
    message.patient_id = outcome.patient_id or message.patient_id
    message.organization_id = outcome.organization_id or message.organization_id


def _hand_over(session: Session, message: InboundMessage) -> None:
    """A refused message gets the organisation that sees it, and whoever waits for its sender is told."""
    find, tell = PLACES.get(message.channel), TELL_REFUSED.get(message.channel)
    if message.organization_id is None and find is not None:
        message.organization_id = find(session, message)
    if tell is not None:
        tell(session, message)


def _fail(message: InboundMessage, refused: NotInterpreted) -> None:
    message.state, message.error, message.processed_at = "failed", refused.as_json, clock.now()
    message.outcome = None


async def show_heartbeat(interpreter: Interpreter, port: int) -> None:
    """Answer on a port of this machine whether the interpreter still looks for messages."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await asyncio.wait_for(reader.readline(), timeout=5)
            looked = interpreter.last_look
            age = None if looked is None else round(time.monotonic() - looked, 1)
            beats = age is not None and age < SILENT_AFTER
            body = json.dumps({"status": "ok" if beats else "silent", "heartbeat_age": age})
            status = "200 OK" if beats else "503 Service Unavailable"
            head = f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(f"{head}{body}".encode())
            await writer.drain()
        except (TimeoutError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Run the interpreter of this installation."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    current = settings()
    interpreter = Interpreter(make_engine(current.database_url("app"), ping=False))
    worker = threading.Thread(target=interpreter.run, args=(threading.Event(),), daemon=True)
    worker.start()
    asyncio.run(show_heartbeat(interpreter, current.ingest_port))


if __name__ == "__main__":
    main()
