"""What is kept is there once, in order, and what it becomes happens once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ingestion.archive import Archive, Received
from ingestion.interpreter import Interpreter, make_engine
from ingestion.outcome import Became, NotInterpreted, Outcome
from ops_app.modules.ingest.models import InboundMessage
from tests.installation import Database


def message(control_id: str | None, raw: bytes = b"one", lane: str = "a", **more: str) -> Received:
    return Received("hl7", more.get("sender", "LAB"), None, control_id, "ORU^R01", raw, "utf-8", "127.0.0.1", lane)


@pytest.fixture
def archive(database: Database) -> Iterator[Archive]:
    made = Archive(database.libpq("app"))
    yield made
    made.close()


def rows(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.libpq("owner")) as connection:
        return connection.execute("select id, raw, state, lane, attempts from ingest.message order by id").fetchall()


def test_the_same_message_is_kept_once_and_other_content_under_its_number_beside_it(
    database: Database, archive: Archive
) -> None:
    first = archive.keep(message("1"))
    again = archive.keep(message("1"))
    other = archive.keep(message("1", b"two"))
    elsewhere = archive.keep(message("1", sender="XRAY"))
    assert (first.duplicate, again.duplicate, other.duplicate, elsewhere.duplicate) == (False, True, False, False)
    assert again.id == first.id
    assert [row[1] for row in rows(database)] == [b"one", b"two", b"one"]


def test_whoever_goes_away_takes_nobody_along(database: Database, archive: Archive) -> None:
    for number in range(20):
        # a device that hangs up: the task that waits for the disk is cancelled
        archive.submit(message(f"gone-{number}")).cancel()
    assert not archive.keep(message("stays")).duplicate
    assert all(each.is_alive() for each in archive._threads)
    assert len(rows(database)) == 21


def test_messages_without_a_number_are_never_taken_for_repetitions(database: Database, archive: Archive) -> None:
    kept = [archive.keep(message(None)) for _ in range(3)]
    assert len({each.id for each in kept}) == 3
    assert not any(each.duplicate for each in kept)


def test_many_connections_at_once_lose_nothing_and_double_nothing(database: Database, archive: Archive) -> None:
    answers: list[tuple[int, bool]] = []

    def send(number: int) -> None:
        for repeat in range(10):
            kept = archive.keep(message(f"{number}-{repeat % 5}", f"{number}-{repeat % 5}".encode()))
            answers.append((kept.id, kept.duplicate))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(database)) == 50
    assert len({number for number, _ in answers}) == 50
    assert sum(duplicate for _, duplicate in answers) == 50


def test_labels_that_a_database_cannot_hold_do_not_lose_the_message(database: Database, archive: Archive) -> None:
    raw = b"\0\xff" * 10
    archive.keep(Received("hl7", "A\0B\udcff", "F" * 5000, "\0" * 3 + "x", None, raw, None, None, "l" * 9000))
    assert rows(database)[0][1] == raw


def test_a_lane_is_read_in_order_and_a_poison_message_blocks_nobody(database: Database, archive: Archive) -> None:
    for number, lane in enumerate("abababab"):
        archive.keep(message(str(number), b"poison" if number == 2 else str(number).encode(), lane))
    seen: list[tuple[str, bytes]] = []

    def interpret(session: Session, inbound: InboundMessage) -> Outcome:
        seen.append((inbound.lane, inbound.raw))
        if inbound.raw == b"poison":
            session.execute(text("select 1/0"))
        return Outcome((Became("sample", inbound.id),))

    engine = make_engine(database.url("app"))
    assert Interpreter(engine, {"hl7": interpret}).run_waiting() == 8
    engine.dispose()
    assert [raw for lane, raw in seen if lane == "a"] == [b"0", b"poison", b"4", b"6"]
    assert [raw for lane, raw in seen if lane == "b"] == [b"1", b"3", b"5", b"7"]
    states = {row[1]: row[2] for row in rows(database)}
    assert states.pop(b"poison") == "failed"
    assert set(states.values()) == {"done"}


def test_what_a_failed_interpretation_wrote_is_undone_and_its_reason_is_kept(
    database: Database, archive: Archive
) -> None:
    archive.keep(message("1"))

    def interpret(session: Session, inbound: InboundMessage) -> Outcome:
        session.execute(text("update ingest.message set peer = 'changed'"))
        raise NotInterpreted("There is no such person", segment="PID", field=3)

    engine = make_engine(database.url("app"))
    Interpreter(engine, {"hl7": interpret}).run_waiting()
    engine.dispose()
    with psycopg.connect(database.libpq("owner")) as connection:
        found = connection.execute("select state, peer, error from ingest.message").fetchone()
    assert found is not None
    assert found[:2] == ("failed", "127.0.0.1")
    assert (found[2]["segment"], found[2]["field"]) == ("PID", 3)


def test_two_interpreters_beside_each_other_read_each_message_once(database: Database, archive: Archive) -> None:
    for number in range(60):
        archive.keep(message(str(number), lane=str(number % 7)))
    seen: list[int] = []

    def interpret(session: Session, inbound: InboundMessage) -> Outcome:
        seen.append(inbound.id)
        return Outcome()

    engine = make_engine(database.url("app"))
    pair = [Interpreter(engine, {"hl7": interpret}) for _ in range(2)]
    threads = [threading.Thread(target=each.run_waiting) for each in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pair[0].run_waiting()
    engine.dispose()
    assert sorted(seen) == sorted(row[0] for row in rows(database))  # type: ignore[type-var]


def test_a_message_that_ends_its_reader_again_and_again_is_set_aside(database: Database, archive: Archive) -> None:
    archive.keep(message("1"))
    archive.keep(message("2"))

    def interpret(session: Session, inbound: InboundMessage) -> Outcome:
        if inbound.control_id == "1":
            raise KeyboardInterrupt
        return Outcome()

    engine = make_engine(database.url("app"))
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            Interpreter(engine, {"hl7": interpret}).run_waiting()
    Interpreter(engine, {"hl7": interpret}).run_waiting()
    engine.dispose()
    assert [row[2] for row in rows(database)] == ["failed", "done"]
