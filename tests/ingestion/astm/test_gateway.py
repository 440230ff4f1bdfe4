"""The gateway over a real socket: what it acknowledges is in the archive, whatever the analyser does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ingestion.archive import Archive
from ingestion.astm.__main__ import tls_context
from ingestion.astm.framing import ACK, ENQ, NAK, STX, checksum, frames
from ingestion.astm.gateway import MOST_CONNECTIONS, Gateway, Times
from ingestion.listening import listen
from ops_app.mechanisms.device_messages.astm import Message
from saulyq.errors import SaulyqError
from tests.ingestion.astm.simulator import Analyser, Refused, result_message
from tests.ingestion.hl7.certificate import make_certificate
from tests.installation import ROOT, Database, Installation
from tests.shared_data import shared

QUICK = Times(frame=1.0, answer=1.0, contention=0.3, busy=0.1, unframed=0.3, keep=2.0)
ANSWER = b"H|\\^&\rP|1\rO|1|TUBE-9||^^^WBC\rL|1|F\r"


@dataclass
class Running:
    """A gateway in a thread of the test."""

    port: int
    loop: asyncio.AbstractEventLoop
    gateway: Gateway
    database: Database

    def rows(self) -> list[tuple[str, str | None, bytes, str, dict[str, object] | None]]:
        with psycopg.connect(self.database.libpq("owner")) as connection:
            return connection.execute(
                "select sender, message_type, raw, state, error from ingest.message order by id"
            ).fetchall()

    def raws(self) -> list[bytes]:
        return [row[2] for row in self.rows()]


@contextlib.contextmanager
def serving(database: Database, context: ssl.SSLContext | None = None) -> Iterator[Running]:
    """A gateway on a free port, until left."""
    archive = Archive(database.libpq("app"))

    async def answer(_sender: str, _peer: str, _message: Message) -> bytes | None:
        return ANSWER

    gateway = Gateway(archive, answer, QUICK)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(listen(gateway.serve, "127.0.0.1", 0, context, gateway="ASTM"))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Running(server.sockets[0].getsockname()[1], loop, gateway, database)
    finally:
        asyncio.run_coroutine_threadsafe(ended(server), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        archive.close()


async def ended(server: asyncio.Server) -> None:
    """Close the port and what talks over it."""
    server.close()
    talking = asyncio.all_tasks() - {asyncio.current_task()}
    for task in talking:
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)


@pytest.fixture(scope="module")
def started(module_database: Database) -> Iterator[Running]:
    with serving(module_database) as made:
        yield made


@pytest.fixture
def gateway(started: Running) -> Running:
    with psycopg.connect(started.database.libpq("owner")) as connection:
        connection.execute("delete from ingest.message")
    return started


@pytest.mark.req("LAB-14")
def test_a_message_is_in_the_archive_when_its_last_frame_is_acknowledged(gateway: Running) -> None:
    message = result_message()
    with Analyser(gateway.port) as analyser:
        analyser.enquire()
        *first, last = frames(message)
        assert [analyser.frame(each) for each in first] == [ACK] * len(first)
        assert gateway.rows() == []
        assert analyser.frame(last) == ACK
        assert [row[:4] for row in gateway.rows()] == [("SIM^1.0", "R", message, "received")]


def test_a_wrong_checksum_is_refused_until_it_is_right(gateway: Running) -> None:
    message = result_message()
    with Analyser(gateway.port) as analyser:
        analyser.enquire()
        for each in frames(message):
            broken = each[:5] + bytes((each[5] ^ 1,)) + each[6:]
            assert analyser.frame(broken) == NAK
            assert analyser.frame(each) == ACK
        analyser.end()
    assert gateway.raws() == [message]


def test_a_lost_acknowledgement_doubles_nothing(gateway: Running) -> None:
    message = result_message()
    with Analyser(gateway.port) as analyser:
        analyser.enquire()
        for each in frames(message):
            assert [analyser.frame(each), analyser.frame(each)] == [ACK, ACK]
        # the connection dies before the end, so the whole session comes again
    with Analyser(gateway.port) as analyser:
        analyser.send(message)
    assert gateway.raws() == [message]


def test_a_session_cut_in_the_middle_leaves_nothing_half(gateway: Running) -> None:
    message = result_message()
    with Analyser(gateway.port) as analyser:
        analyser.enquire()
        analyser.frame(frames(message)[0])
        analyser.write(frames(message)[1][:7])
    with Analyser(gateway.port) as analyser:
        analyser.enquire()
        analyser.frame(frames(message)[0])
        # the analyser was switched off and on
        analyser.send(message)
    assert gateway.raws() == [message]


def test_garbage_hurts_nobody(gateway: Running) -> None:
    with Analyser(gateway.port) as noisy, Analyser(gateway.port) as calm:
        noisy.write(os.urandom(2000).translate(None, bytes((ENQ, STX)) + b"Hh#"))
        noisy.enquire()
        assert noisy.frame(b"\x02" + b"9" * 300 + b"\x03ZZ\r\n") == NAK
        calm.send(result_message(1))
        noisy.send(result_message(2))
    assert sorted(gateway.raws()) == [result_message(1), result_message(2)]


def test_connections_that_say_nothing_or_too_little_lock_nobody_out(gateway: Running) -> None:
    with Analyser(gateway.port) as working:
        working.send(result_message(1))
        idle = []
        for number in range(MOST_CONNECTIONS + 40):
            idle.append(socket.create_connection(("127.0.0.1", gateway.port), 20, ("127.0.0.3", 0)))
            # every third asks for the line and then sends a frame byte by byte, without an end
            if number % 3 == 0:
                idle[-1].sendall(bytes((ENQ,)) + b"\x021H|")
        with Analyser(gateway.port) as newcomer:
            newcomer.send(result_message(2))
        working.send(result_message(3))
        for each in idle:
            each.close()
    assert sorted(gateway.raws()) == sorted(result_message(number) for number in (1, 2, 3))


def test_silence_in_the_middle_ends_the_session(gateway: Running) -> None:
    with Analyser(gateway.port) as analyser:
        analyser.enquire()
        analyser.frame(frames(result_message())[0])
        time.sleep(1.3)
        # a frame now belongs to nothing
        assert analyser.frame(frames(result_message())[1]) == NAK
        analyser.send(result_message())
    assert gateway.raws() == [result_message()]


def test_a_message_without_its_terminator_waits_for_a_person(gateway: Running) -> None:
    cut = result_message().rsplit(b"L|", 1)[0]
    with Analyser(gateway.port) as analyser:
        analyser.send(cut)
        analyser.send(result_message(2))
    (sender, _kind, raw, state, error), other = gateway.rows()
    assert (sender, raw, state) == ("SIM^1.0", cut, "failed") and other[3] == "received"
    assert error is not None and error["segment"] == "L"


def test_a_message_without_a_header_waits_for_a_person(gateway: Running) -> None:
    with Analyser(gateway.port) as analyser:
        analyser.send(result_message().split(b"\r", 1)[1])
    ((sender, _kind, _raw, state, error),) = gateway.rows()
    assert (sender, state) == ("127.0.0.1", "failed")
    assert error is not None and error["segment"] == "H"


@pytest.mark.req("LABEQ-01")
def test_a_question_is_answered_when_the_line_is_free(gateway: Running) -> None:
    question = b"H|\\^&|||SIM^1.0\rQ|1|^TUBE-9||ALL\rL|1|N\r"
    with Analyser(gateway.port) as analyser:
        analyser.send(question)
        assert analyser.receive() == ANSWER
        # a wrong checksum on the way: the host repeats the frame
        analyser.send(question)
        assert analyser.read() == ENQ
        analyser.write(bytes((ACK,)))
        first = b""
        while not first.endswith(b"\r\n"):
            first += bytes((analyser.read(),))
        analyser.write(bytes((NAK,)))
        again = b""
        while not again.endswith(b"\r\n"):
            again += bytes((analyser.read(),))
        assert again == first and checksum(first[1:-4]) == first[-4:-2]


def test_when_both_ask_to_send_the_analyser_goes_first(gateway: Running) -> None:
    question = b"H|\\^&|||SIM^1.0\rQ|1|^TUBE-9||ALL\rL|1|N\r"
    with Analyser(gateway.port) as analyser:
        analyser.send(question)
        assert analyser.read() == ENQ
        analyser.write(bytes((ENQ,)))
        # nobody answers a collision; the analyser asks again and sends, then the host
        analyser.send(result_message(7))
        assert analyser.receive() == ANSWER
        analyser.send(question)
        assert analyser.read() == ENQ
        analyser.write(bytes((ENQ,)))
        # the analyser changed its mind: the host asks again by itself
        assert analyser.receive() == ANSWER
    assert result_message(7) in gateway.raws()


@pytest.mark.req("LABEQ-02")
def test_orders_are_sent_to_an_analyser_that_is_connected(gateway: Running) -> None:
    async def post(sender: str) -> asyncio.Future[bool] | None:
        return gateway.gateway.post(lambda name, _peer: name == sender, ANSWER)

    def posted(sender: str) -> asyncio.Future[bool] | None:
        return asyncio.run_coroutine_threadsafe(post(sender), gateway.loop).result(5)

    with Analyser(gateway.port) as analyser:
        analyser.send(result_message())
        assert posted("NOBODY") is None
        taken = posted("SIM^1.0")
        assert taken is not None and analyser.receive() == ANSWER

        async def outcome() -> bool:
            return await taken

        assert asyncio.run_coroutine_threadsafe(outcome(), gateway.loop).result(5)


def test_a_database_that_says_nothing_is_a_refusal_in_time(gateway: Running) -> None:
    message = result_message(8)
    *first, last = frames(message)
    with Analyser(gateway.port) as analyser, psycopg.connect(gateway.database.libpq("owner")) as held:
        held.execute("lock table ingest.message in access exclusive mode")
        analyser.enquire()
        assert [analyser.frame(each) for each in first] == [ACK] * len(first)
        asked = time.monotonic()
        assert [analyser.frame(last), analyser.frame(last)] == [NAK, NAK]
        # E1381 lets the analyser wait 15 seconds for an answer; of this gateway the limit is 2
        assert time.monotonic() - asked < 10
        held.rollback()
        assert analyser.frame(last) == ACK
        # no late answer of before stands between: the next session is acknowledged step by step
        analyser.end()
        analyser.send(result_message(10))
        held.execute("lock table ingest.message in access exclusive mode")
        with Analyser(gateway.port) as plain:
            plain.write(result_message(9))
            assert plain.read() == NAK
    # written all the same when the database spoke again; each once
    assert sorted(gateway.raws()) == sorted({message, result_message(9), result_message(10)})


def test_what_was_acknowledged_without_its_end_waits_for_the_database(gateway: Running) -> None:
    cut = result_message(11).rpartition(b"L|")[0]
    with Analyser(gateway.port) as analyser, psycopg.connect(gateway.database.libpq("owner")) as owner:
        analyser.enquire()
        assert [analyser.frame(each) for each in frames(cut)] == [ACK] * len(frames(cut))
        owner.execute("alter table ingest.message rename to message_away")
        owner.commit()
        analyser.end()
        time.sleep(0.5)
        owner.execute("alter table ingest.message_away rename to message")
        owner.commit()
        analyser.send(result_message(12))
    assert gateway.raws() == [cut, result_message(12)]


def test_plain_lines_are_taken_too(gateway: Running) -> None:
    message = result_message()
    with Analyser(gateway.port) as analyser:
        analyser.write(message[:40])
        analyser.write(message[40:])
        assert analyser.read() == ACK
        analyser.write(message.replace(b"\r", b"\n")[:50])
        assert analyser.read() == NAK
    assert gateway.raws() == [message]


def test_every_shared_message(gateway: Running) -> None:
    refused = []
    for path in sorted(shared("astm").glob("*.*")):
        if path.suffix not in (".astm", ".txt"):
            continue
        data = path.read_bytes()
        with Analyser(gateway.port) as analyser:
            if STX not in data:
                analyser.write(data)
                assert analyser.read() in (ACK, NAK), path.name
                continue
            analyser.enquire()
            for number, text, end, told in re.findall(rb"\x02(.)(.*?)([\x03\x17])(..)", data, re.DOTALL):
                body = number + text + end
                good = told == checksum(body)
                if not good:
                    refused.append(path.name)
                    assert analyser.frame(b"\x02" + body + told + b"\r\n") == NAK, path.name
                assert analyser.frame(b"\x02" + body + checksum(body) + b"\r\n") == ACK, path.name
            analyser.end()
    assert len(set(refused)) == 4
    states = [row[3] for row in gateway.rows()]
    assert states.count("received") >= 15 and "failed" in states


def test_tls_where_the_installation_has_a_certificate(
    installation: Installation, module_database: Database, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    current = installation.settings.model_copy(update={"astm_certificate": certificate, "astm_key": key})
    with serving(module_database, tls_context(current)) as running:
        # an analyser that speaks in the clear gets no answer, and nothing of it is kept
        with Analyser(running.port) as plain, pytest.raises((Refused, OSError)):
            plain.send(result_message(41))
        with Analyser(running.port, ssl.create_default_context(cafile=str(certificate))) as analyser:
            analyser.send(result_message(42))
    raws = running.raws()
    assert result_message(42) in raws and result_message(41) not in raws
    # with authorities named, the analyser shows a certificate of its own or is not let in
    strict = current.model_copy(update={"astm_client_authorities": certificate})
    with serving(module_database, tls_context(strict)) as running:
        stranger = ssl.create_default_context(cafile=str(certificate))
        with pytest.raises((Refused, OSError)), Analyser(running.port, stranger) as analyser:
            analyser.send(result_message(43))
        known = ssl.create_default_context(cafile=str(certificate))
        known.load_cert_chain(certificate, key)
        with Analyser(running.port, known) as analyser:
            analyser.send(result_message(44))
    assert result_message(44) in running.raws()
    assert tls_context(installation.settings) is None
    with pytest.raises(SaulyqError, match="certificate of the ASTM gateway"):
        tls_context(current.model_copy(update={"astm_certificate": tmp_path / "missing.pem"}))


def test_a_killed_gateway_loses_and_doubles_nothing(
    installation: Installation, database: Database, full_size: bool
) -> None:
    rounds = 100 if full_size else 2
    acknowledged: list[bytes] = []
    number = 0
    process = start(installation, database)
    for _round in range(rounds):
        with contextlib.suppress(Refused, OSError), Analyser(installation.settings.astm_port) as analyser:
            killer = threading.Timer(0.03 + number % 7 * 0.02, process.kill)
            killer.start()
            while True:
                number += 1
                message = result_message(number)
                analyser.send(message)
                acknowledged.append(message)
        process.kill()
        process.wait()
        # the analyser repeats what was not acknowledged, and out of caution the last that was
        process = start(installation, database)
        with Analyser(installation.settings.astm_port) as analyser:
            for message in (*acknowledged[-1:], result_message(number)):
                analyser.send(message)
        acknowledged.append(result_message(number))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    with psycopg.connect(database.libpq("owner")) as connection:
        kept = [bytes(row[0]) for row in connection.execute("select raw from ingest.message order by id")]
    assert sorted(kept) == sorted(set(acknowledged)) and len(kept) >= rounds


def start(installation: Installation, database: Database) -> subprocess.Popen[bytes]:
    """The gateway as a process of its own on the database of the test."""
    code = (
        "import saulyq.settings as s; current = s.settings(); url = current.libpq_url; "
        f"type(current).libpq_url = lambda self, role, database='': url(role, {database.name!r}); "
        "import ingestion.astm.__main__ as main; main.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=installation.environment,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            Analyser(installation.settings.astm_port).socket.close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    raise AssertionError("the gateway did not start")
