"""The gateway over real sockets: who gets which answer, and that nothing is answered before it is kept."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from ingestion.listening import listen
from saulyq.errors import SaulyqError
from tests.ingestion.hl7.certificate import make_certificate
from tests.ingestion.hl7.mllp import Answer, Sender, ask, gateway
from tests.installation import Database

MESSAGE = (
    "MSH|^~\\&|{sender}|H1|SAULYQ|KZ|20261120101500||ORU^R01^ORU_R01|{number}|P|{version}|||{accept}|{application}\r"
    "PID|1||123^^^LAB^MR||Ахметова^Айгүл\r"
    "OBR|1|ORD-1|F-1|58410-2^CBC^LN\r"
    "OBX|1|NM|718-7^Hb^LN||120|g/L|120-160|N|||F\r"
)
count = iter(range(1_000_000))


def message(sender: str = "LAB", version: str = "2.5.1", accept: str = "", application: str = "") -> str:
    return MESSAGE.format(
        sender=sender, number=f"m{next(count)}", version=version, accept=accept, application=application
    )


@pytest.fixture(scope="module")
def port(module_database: Database) -> Iterator[int]:
    with gateway(module_database) as made:
        yield made


def kept(database: Database, control_id: str) -> list[tuple[str, str | None]]:
    with psycopg.connect(database.libpq("owner")) as connection:
        return connection.execute(
            "select state, answer from ingest.message where control_id = %s order by id", (control_id,)
        ).fetchall()


def number_of(text: str) -> str:
    return text.split("|")[9]


@pytest.mark.req("INT-WEARABLE-03", "INT-LIS-02")
def test_a_message_is_kept_and_acknowledged(port: int, module_database: Database) -> None:
    sent = message()
    answer = ask(port, sent)
    assert (answer.code, answer.control_id) == ("AA", number_of(sent))
    header = answer.segment("MSH")
    assert header[2:6] == ["SAULYQ", "KZ", "LAB", "H1"]
    assert (header[8], header[10], header[11]) == ("ACK^R01^ACK", "P", "2.5.1")
    assert kept(module_database, number_of(sent)) == [("received", "AA")]


def test_a_repeated_message_gets_the_same_answer_and_is_there_once(port: int, module_database: Database) -> None:
    sent = message()
    assert [ask(port, sent).code for _ in range(3)] == ["AA"] * 3
    assert len(kept(module_database, number_of(sent))) == 1


def test_another_message_under_a_used_number_is_kept_beside_it(port: int, module_database: Database) -> None:
    sent = message()
    assert ask(port, sent).code == "AA"
    assert ask(port, sent.replace("|120|", "|95|")).code == "AA"
    assert len(kept(module_database, number_of(sent))) == 2


@pytest.mark.parametrize(("version", "place"), [("2.5.1", 2), ("2.3", 1)])
def test_a_missing_field_is_named_in_err(port: int, module_database: Database, version: str, place: int) -> None:
    sent = message(version=version).replace("718-7^Hb^LN", "")
    answer = ask(port, sent)
    assert answer.code == "AE"
    err = answer.segment("ERR")
    assert err[place].startswith("OBX^1^3")
    assert "101" in err[3 if place == 2 else 1]
    assert kept(module_database, number_of(sent)) == [("failed", "AE")]
    assert ask(port, sent).segment("ERR")[place] == err[place]


@pytest.mark.parametrize(
    ("accept", "application", "codes"),
    [
        ("AL", "NE", ["CA"]),
        ("AL", "AL", ["CA", "AA"]),
        ("NE", "AL", ["AA"]),
        ("ER", "AL", ["AA"]),
        ("SU", "NE", ["CA"]),
        ("ER", "ER", []),
        ("NE", "NE", []),
    ],
)
def test_enhanced_mode_gives_what_was_asked_for(
    port: int, module_database: Database, accept: str, application: str, codes: list[str]
) -> None:
    sent = message(accept=accept, application=application)
    sender = Sender(port)
    sender.write(sent)
    assert [Answer.of(sender.answer()).code for _ in codes] == codes
    assert sender.is_silent(0.3)
    sender.close()
    assert len(kept(module_database, number_of(sent))) == 1


def test_enhanced_mode_refuses_with_commit_codes(port: int) -> None:
    assert ask(port, message(accept="AL", application="NE").replace("718-7^Hb^LN", "")).code == "CE"
    assert ask(port, message(accept="ER", application="NE").replace("|2.5.1|", "|7.7|")).code == "CR"


def test_frames_in_pieces_with_junk_between_and_many_on_one_connection(port: int) -> None:
    sender = Sender(port)
    first, second, third = message(), message(), message()
    sender.socket.sendall(b"junk\r\n\0\x1c\r")
    for byte in f"\x0b{first}\x1c\r".encode():
        sender.socket.sendall(bytes([byte]))
    assert Answer.of(sender.answer()).control_id == number_of(first)
    # begun, given up and begun anew; the end mark without its CR; two frames in one write
    sender.socket.sendall(f"\x0bMSH|^~\\&|LAB\x0b{second}\x1c\x0b{third}\x1c\r".encode())
    assert [Answer.of(sender.answer()).control_id for _ in range(2)] == [number_of(second), number_of(third)]
    sender.close()


def test_what_is_no_message_is_rejected_and_kept(port: int, module_database: Database) -> None:
    assert ask(port, b"\0\xff not a message").code == "AR"
    assert ask(port, "PID|1||123").code == "AR"
    with psycopg.connect(module_database.libpq("owner")) as connection:
        row = connection.execute("select count(*) from ingest.message where sender = ''").fetchone()
    assert row == (2,)


def test_a_batch_over_the_socket_is_answered_as_a_batch(port: int, module_database: Database) -> None:
    first, second = message(), message().replace("718-7^Hb^LN", "")
    answer = Answer.of(Sender(port).send(f"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r{first}{second}BTS|2\rFTS|1\r"))
    assert answer.segments[0][0] == "BHS"
    assert [each[1] for each in answer.segments if each[0] == "MSA"] == ["AA", "AE"]
    assert answer.segment("BTS")[1] == "2"
    assert len(kept(module_database, number_of(first))) == 1


def test_an_unfinished_frame_is_not_answered_and_not_kept(module_database: Database) -> None:
    with gateway(module_database, unfinished_seconds=0.3) as port:
        sent = message()
        sender = Sender(port)
        sender.socket.sendall(f"\x0b{sent}".encode())
        with pytest.raises(ConnectionError):
            sender.answer()
        assert kept(module_database, number_of(sent)) == []
        # a connection that rests between messages stays
        resting = Sender(port)
        time.sleep(0.5)
        assert Answer.of(resting.send(sent)).code == "AA"
        resting.close()


def test_a_message_of_100_megabytes_is_rejected_by_its_number_and_not_held(
    port: int, module_database: Database
) -> None:
    sent = message()
    before = psutil.Process().memory_info().rss
    sender = Sender(port)
    head, _, rest = sent.partition("|120|")
    sender.socket.sendall(f"\x0b{head}|".encode())
    for _ in range(100):
        sender.socket.sendall(b"9" * 1024 * 1024)
    # 64 MiB: what was held before the limit, and noise; not the 100 that came
    assert psutil.Process().memory_info().rss - before < 64 * 1024 * 1024
    sender.socket.sendall(f"|{rest}\x1c\r".encode())
    answer = Answer.of(sender.answer())
    assert (answer.code, answer.control_id) == ("AR", number_of(sent))
    assert "too large" in answer.segment("MSA")[3]
    # the next one of the same connection is a message like any other
    following = message()
    assert Answer.of(sender.send(following)).code == "AA"
    sender.close()
    assert kept(module_database, number_of(sent)) == []


def test_connections_that_are_never_closed_lock_nobody_out(module_database: Database) -> None:
    def leaking() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=("127.0.0.3", 0))

    with gateway(module_database, connections=5) as port:
        working = Sender(port)
        assert Answer.of(working.send(message())).code == "AA"
        leaked = [leaking() for _ in range(40)]
        leaked[-1].sendall(b"\x0bMSH|^~")
        assert ask(port, message()).code == "AA"
        assert Answer.of(working.send(message())).code == "AA"
        # the oldest of the greedy one were closed
        assert leaked[0].recv(1) == b""
        for each in (working.socket, *leaked):
            each.close()


def test_separators_of_the_senders_own_are_read_and_answered(port: int, module_database: Database) -> None:
    sent = message().translate(str.maketrans("|^~\\&", "#*%?!"))
    sender = Sender(port)
    raw = sender.send(sent)
    sender.close()
    assert raw.startswith(b"MSH#*%?!#")
    assert Answer.of(raw).code == "AA"
    assert kept(module_database, sent.split("#")[9]) == [("received", "AA")]


def test_a_zero_byte_is_kept_as_it_came(port: int, module_database: Database) -> None:
    sent = message().replace("Hb", "H\0b").replace("LAB|", "L\0AB|")
    assert ask(port, sent).code == "AA"
    with psycopg.connect(module_database.libpq("owner")) as connection:
        row = connection.execute(
            "select raw, sender from ingest.message where control_id = %s", (number_of(sent),)
        ).fetchone()
    assert row == (sent.encode(), "LAB")


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]

        async def connected(_reader: object, _writer: object) -> None: ...

        with pytest.raises(SaulyqError, match=f"port {number} of 127.0.0.1 is in use"):
            asyncio.run(listen(connected, "127.0.0.1", number, None, gateway="HL7"))


@pytest.mark.parametrize("charset", ["cp1251", "utf-8"])
def test_the_answer_comes_in_the_letters_of_the_message(port: int, charset: str) -> None:
    sent = message(sender="ЗЕРТХАНА".replace("Ғ", "Г")).replace("Айгүл", "Айгуль")
    sender = Sender(port)
    answer = sender.send(sent.encode(charset))
    sender.close()
    assert "ЗЕРТХАНА" in answer.decode(charset)


def test_tls_where_the_installation_has_a_certificate(module_database: Database, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with gateway(module_database, context) as port:
        with pytest.raises((ConnectionError, TimeoutError)):
            ask(port, message())
        sender = Sender(port, ssl.create_default_context(cafile=str(certificate)))
        assert Answer.of(sender.send(message())).code == "AA"
        sender.close()
