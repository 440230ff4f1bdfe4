"""HL7 messages a second that are on disk before they are acknowledged, beside bare inserts of the same bytes.

Twenty connections send blood counts to a gateway process and wait for each answer. The bound: as many Python
connections insert the same bytes into PostgreSQL, a commit each. Both take turns, so that what else the machine does
falls on both, and the medians are compared. Then twenty messages a second for each core, with the interpreter running:
how long until a message has become its records. A twentieth of ``--people`` is the number of messages of each side.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from _installation import ROOT, Installation, installation
from _report import Benchmark, at_least, at_most, percentiles_ms
from _together import timed

CONNECTIONS = 20
ROUNDS = 5
A_SECOND = 20 * len(os.sched_getaffinity(0))
STEADY_SECONDS = 30
HEAD = "MSH|^~\\&|BENCH|H1|SAULYQ|KZ|20261120101500||ORU^R01^ORU_R01|{number}|P|2.5.1\r"
PERSON = "PID|1||{number}^^^BENCH^MR||Ахметова^Айгүл||19850317|F\rOBR|1||{number}|58410-2^CBC^LN|||20261120090000\r"
RESULTS = (f"OBX|{n}|NM|{n}^Parameter {n}^99BENCH||{n}.5|10*9/L|1-100|N|||F|||20261120100000\r" for n in range(1, 23))
BODY = PERSON + "".join(RESULTS)


def main() -> None:
    run = Benchmark("hl7", __doc__ or "")
    count = max(run.people // 20, ROUNDS * 100)
    with installation() as place:
        from saulyq import database

        with database.ready(place.settings), part(place, "ingestion.hl7.gateway", place.settings.hl7_port):
            bounds, reached = [], []
            for turn in range(ROUNDS):
                bounds.append(inserts_a_second(place, count // ROUNDS))
                reached.append(messages_a_second(place, f"load-{turn}", count // ROUNDS))
                run.say(f"{CONNECTIONS} connections: {bounds[-1]:.0f} inserts, {reached[-1]:.0f} messages a second")
            forget(place)
            with part(place, "ingestion.interpreter", place.settings.ingest_port):
                run.say(f"{A_SECOND} messages a second for {STEADY_SECONDS} s")
                delays = steady(place)
        bound, acknowledged = statistics.median(bounds), statistics.median(reached)
        ratio = round(acknowledged / bound, 2)
        run.finish(
            {"of_bound": at_least(ratio, 0.3), "record_p95_ms": at_most(delays["p95"], 2000)},
            bound_per_second=round(bound),
            acknowledged_per_second=round(acknowledged),
            rounds=[[round(one), round(other)] for one, other in zip(bounds, reached, strict=True)],
            load_average=[round(each, 1) for each in os.getloadavg()],
            messages_a_second=A_SECOND,
            bytes=len(message("0")),
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
    connection.sendall(b"\x0b" + message(number) + b"\x1c\r")
    answer = b""
    while not answer.endswith(b"\x1c\r"):
        answer += connection.recv(65536)
    assert f"MSA|AA|{number}".encode() in answer, answer


def steady(place: Installation) -> dict[str, float]:
    with socket.create_connection(("127.0.0.1", place.settings.hl7_port)) as connection:
        started = time.monotonic()
        for turn in range(A_SECOND * STEADY_SECONDS):
            time.sleep(max(0.0, started + turn / A_SECOND - time.monotonic()))
            send(connection, f"steady-{turn}")
    wait_until_read(place)
    with psycopg.connect(place.settings.libpq_url("owner")) as connection:
        rows = connection.execute(
            "select extract(epoch from processed_at - received_at)::float8, state from ingest.message "
            "where control_id like 'steady-%'"
        ).fetchall()
    assert {state for _, state in rows} == {"done"}
    return percentiles_ms([delay for delay, _ in rows])


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
    """A process as an installation runs it."""
    process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"benchmark: {module} does not start")
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
