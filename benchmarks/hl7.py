"""HL7 messages a second that are on disk before they are acknowledged, beside bare inserts of the same bytes.

Twenty connections send blood counts to a gateway process and wait for each answer. The bound: as many Python
connections insert the same bytes into PostgreSQL, a commit each. Both take turns, so that what else the machine does
falls on both, and the medians are compared. Then twenty messages a second for each core about people of the register,
with interpreter and app running: how long from the first byte of a message until its report stands on the person's
laboratory page, which doctors who are signed in ask for over HTTP. Every nineteenth message is watched so, with four
looks a second; of all of them the time until their records is told beside it. A twentieth of ``--people`` is the number
of messages of each side of the first part.
"""

from __future__ import annotations

import os
import queue
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psycopg
from _http_load import Browser, Request
from _installation import ROOT, Installation, installation
from _report import Benchmark, at_least, at_most, percentiles_ms
from _staff import Person, doctors
from _together import timed
from sqlalchemy import create_engine

CONNECTIONS = 20
ROUNDS = 5
A_SECOND = 20 * len(os.sched_getaffinity(0))
STEADY_SECONDS = 60
REGION = 1_000
"""People of the register in the second part."""
WATCHED = 19
"""Each so-manieth message is waited for on the screen."""
WATCHERS = 4
LOOK_EVERY = 0.25
"""Seconds between two looks of a watcher at a page; they count as delay."""
GIVEN_UP_SECONDS = 60
HEAD = "MSH|^~\\&|BENCH|H1|SAULYQ|KZ|20261120101500||ORU^R01^ORU_R01|{number}|P|2.5.1\r"
PERSON = "PID|1||{number}^^^BENCH^MR||Ахметова^Айгүл||19850317|F\rOBR|1||{number}|58410-2^CBC^LN|||20261120090000\r"
RESULTS = (f"OBX|{n}|NM|{n}^Parameter {n}^99BENCH||{n}.5|10*9/L|1-100|N|||F|||20261120100000\r" for n in range(1, 23))
BODY = PERSON + "".join(RESULTS)


def main() -> None:
    run = Benchmark("hl7", __doc__ or "")
    count = max(run.people // 20, ROUNDS * 100)
    with installation() as place:
        from saulyq import database

        place.load_region(REGION, 1)
        with database.ready(place.settings), part(place, "ingestion.hl7.gateway", place.settings.hl7_port):
            bounds, reached = [], []
            for turn in range(ROUNDS):
                bounds.append(inserts_a_second(place, count // ROUNDS))
                reached.append(messages_a_second(place, f"load-{turn}", count // ROUNDS))
                run.say(f"{CONNECTIONS} connections: {bounds[-1]:.0f} inserts, {reached[-1]:.0f} messages a second")
            forget(place)
            ops = ["-m", "uvicorn", "ops_app.app:served_app", "--factory", "--no-access-log"]
            with (
                part(place, "ingestion.interpreter", place.settings.ingest_port),
                running([*ops, "--port", str(place.settings.ops_port)], place.settings.ops_port),
            ):
                run.say(f"{A_SECOND} messages a second for {STEADY_SECONDS} s")
                screen, delays = steady(place)
        bound, acknowledged = statistics.median(bounds), statistics.median(reached)
        ratio = round(acknowledged / bound, 2)
        run.finish(
            {"of_bound": at_least(ratio, 0.3), "screen_p95_ms": at_most(screen["p95"], 2000)},
            bound_per_second=round(bound),
            acknowledged_per_second=round(acknowledged),
            rounds=[[round(one), round(other)] for one, other in zip(bounds, reached, strict=True)],
            load_average=[round(each, 1) for each in os.getloadavg()],
            messages_a_second=A_SECOND,
            bytes=len(message("0")),
            screen_ms=screen,
            record_ms=delays,
        )


def message(number: str) -> bytes:
    return (HEAD + BODY).format(number=number).encode()


def inserts_a_second(place: Installation, count: int) -> float:
    each = count // CONNECTIONS
    owner = place.settings.libpq_url("owner")
    with psycopg.connect(owner) as connection:
        connection.execute("create table public.bench_bound (id bigint generated always as identity, raw bytea)")

    def work(number: int) -> None:
        with psycopg.connect(owner, autocommit=True) as connection:
            for turn in range(each):
                connection.execute("insert into public.bench_bound (raw) values (%s)", [message(f"{number}-{turn}")])

    seconds = timed(work, CONNECTIONS)
    with psycopg.connect(owner) as connection:
        connection.execute("drop table public.bench_bound")
    return each * CONNECTIONS / seconds


def messages_a_second(place: Installation, name: str, count: int) -> float:
    each = count // CONNECTIONS

    def work(number: int) -> None:
        with socket.create_connection(("127.0.0.1", place.settings.hl7_port)) as connection:
            for turn in range(each):
                send(connection, f"{name}-{number}-{turn}")

    return each * CONNECTIONS / timed(work, CONNECTIONS)


def send(connection: socket.socket, number: str) -> None:
    exchange(connection, message(number), number)


def exchange(connection: socket.socket, content: bytes, number: str) -> None:
    connection.sendall(b"\x0b" + content + b"\x1c\r")
    answer = b""
    while not answer.endswith(b"\x1c\r"):
        answer += connection.recv(65536)
    assert f"MSA|AA|{number}".encode() in answer, answer


def steady(place: Installation) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds until results stand on the screen, and until messages are records."""
    engine = create_engine(place.settings.database_url("app"))
    staff = doctors(engine, WATCHERS)
    watchers = [Watcher(place, doctor.session_token) for doctor in staff]
    with socket.create_connection(("127.0.0.1", place.settings.hl7_port)) as connection:
        started = time.monotonic()
        for turn in range(A_SECOND * STEADY_SECONDS):
            due = started + turn / A_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            person = staff[turn % WATCHERS].next_person()
            # from when it was due: a gateway that lets its senders wait does not get a smaller load for it
            if turn % WATCHED == 0:
                watchers[turn % WATCHERS].watch(due, person, laboratory_of(turn))
            send_about(connection, turn, person)
    seconds = [each for watcher in watchers for each in watcher.finish()]
    wait_until_read(place)
    with psycopg.connect(place.settings.libpq_url("owner")) as connection:
        rows = connection.execute(
            "select extract(epoch from processed_at - received_at)::float8, state, patient_id is not null "
            "from ingest.message where control_id like 'steady-%'"
        ).fetchall()
    assert {row[1:] for row in rows} == {("done", True)}
    engine.dispose()
    return percentiles_ms(seconds), percentiles_ms([row[0] for row in rows])


def laboratory_of(turn: int) -> str:
    """The performer of one report: what the page shows of it and of no other."""
    return f"Зертхана-{turn}-соңы"


def send_about(connection: socket.socket, turn: int, person: Person) -> None:
    """A haemoglobin by the classifier, as another laboratory signs it."""
    now = time.strftime("%Y%m%d%H%M%S", time.gmtime()) + "+0000"
    lines = (
        f"MSH|^~\\&|BENCH|H1|SAULYQ|KZ|{now}||ORU^R01^ORU_R01|steady-{turn}|P|2.5.1|||||KAZ|UNICODE UTF-8",
        f"PID|1||{person.iin}^^^IIN^NI||{person.family_name}^{person.given_name}",
        f"OBR|1||F-{turn}|58410-2^CBC^LN|||{now}|||||||||||||||{now}|||F",
        f"OBX|1|NM|718-7^Hb^LN||{120 + turn % 30}|g/L|110-170|N|||F|||{now}|||||||||{laboratory_of(turn)}",
    )
    exchange(connection, "\r".join((*lines, "")).encode(), f"steady-{turn}")


class Watcher:
    """A doctor who asks for a page again and again until the result is there."""

    def __init__(self, place: Installation, token: str) -> None:
        cookie = f"saulyq_{place.settings.port_base}_session={quote(token)}"
        self._browser = Browser(place.settings.ops_port, cookie)
        self._asked: queue.SimpleQueue[tuple[float, Person, str] | None] = queue.SimpleQueue()
        self._seconds: list[float] = []
        self._failures: list[str] = []
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def watch(self, since: float, person: Person, shown: str) -> None:
        """Wait for what is shown of a message that is sent now."""
        self._asked.put((since, person, shown))

    def finish(self) -> list[float]:
        """Seconds of each message, once all of them are there."""
        self._asked.put(None)
        self._thread.join()
        if self._failures:
            sys.exit(f"benchmark: {self._failures[0]}")
        return self._seconds

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None and not self._failures:
            since, person, shown = asked
            while True:
                status, _, content = self._browser.send(Request("GET", f"/patients/{person.id}/laboratory"))
                if status != 200 or time.monotonic() - since > GIVEN_UP_SECONDS:
                    self._failures.append(f"the laboratory page of a person answers {status}, no result on it")
                    break
                if shown.encode() in content:
                    self._seconds.append(time.monotonic() - since)
                    break
                time.sleep(LOOK_EVERY)


def forget(place: Installation) -> None:
    """The messages of the load are not part of what follows."""
    with psycopg.connect(place.settings.libpq_url("owner")) as connection:
        connection.execute("truncate ingest.message cascade")


def wait_until_read(place: Installation) -> None:
    with psycopg.connect(place.settings.libpq_url("owner"), autocommit=True) as connection:
        while connection.execute("select 1 from ingest.message where state = 'received' limit 1").fetchone():
            time.sleep(0.2)


@contextmanager
def part(place: Installation, module: str, port: int) -> Iterator[None]:
    """A part as an installation runs it."""
    with running(["-m", module], port):
        yield


@contextmanager
def running(arguments: list[str], port: int) -> Iterator[None]:
    """A process of ours that listens."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"benchmark: {arguments[1]} does not start")
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
