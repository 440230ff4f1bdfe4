"""The gateway or the database is killed during load: what was acknowledged is there, exactly once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import psycopg
import pytest

from saulyq import postgres
from saulyq.postgres.lifecycle import postmaster
from tests.ingestion.hl7.mllp import Answer, Sender, gateway_process
from tests.installation import Database, Installation, free_port_base

MESSAGE = (
    "MSH|^~\\&|LOAD|H1|SAULYQ|KZ|20261120101500||ORU^R01|{number}|P|2.5.1\r"
    "PID|1||{number}^^^LAB^MR||A^B\rOBR|1|O|F|1^x\rOBX|1|NM|718-7^Hb^LN||120|g/L\r"
)
SENDERS = 6


class Load:
    """Senders that repeat what was not acknowledged, as devices do."""

    def __init__(self, port: int):
        self.port = port
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _send(self, number: int) -> None:
        sender: Sender | None = None
        sent = 0
        while not self.stop.is_set():
            try:
                sender = sender or Sender(self.port)
                control_id = f"{number}-{sent}"
                answer = Answer.of(sender.send(MESSAGE.format(number=control_id)))
                assert answer.control_id == control_id
                if answer.code == "AA":
                    self.acknowledged.append(control_id)
                    sent += 1
                else:
                    self.refused.append(answer.code)
                    time.sleep(0.05)
            except OSError:
                sender = None
                time.sleep(0.05)

    def wait_for(self, number: int) -> None:
        """Until so many more are acknowledged."""
        wanted, deadline = len(self.acknowledged) + number, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(60)


@pytest.fixture
def load_port() -> int:
    return free_port_base()


@pytest.mark.req("INT-WEARABLE-03")
def test_acknowledged_messages_survive_a_killed_gateway(database: Database, load_port: int, full_size: bool) -> None:
    kills = 100 if full_size else 2
    load = Load(load_port)
    try:
        for _kill in range(kills):
            with gateway_process(database, load_port) as process:
                load.wait_for(20)
                time.sleep(random.uniform(0, 0.1))
                process.kill()
    finally:
        load.end()
    assert len(load.acknowledged) >= 20 * kills
    all_there_once(database, load)


def test_acknowledged_messages_survive_a_killed_database(
    database: Database, installation: Installation, load_port: int, full_size: bool
) -> None:
    kills = 100 if full_size else 2
    load = Load(load_port)
    try:
        with gateway_process(database, load_port):
            for _kill in range(kills):
                load.wait_for(20)
                time.sleep(random.uniform(0, 0.1))
                kill_database(installation)
            # the same gateway finds the server again by itself
            load.wait_for(20)
    finally:
        load.end()
    assert len(load.acknowledged) >= 20 * (kills + 1)
    all_there_once(database, load)


def all_there_once(database: Database, load: Load) -> None:
    assert set(load.refused) <= {"AR"}
    with psycopg.connect(database.libpq("owner")) as connection:
        kept = [row[0] for row in connection.execute("select control_id from ingest.message").fetchall()]
    assert len(kept) == len(set(kept))
    assert set(load.acknowledged) <= set(kept)
    assert len(load.acknowledged) == len(set(load.acknowledged))


def kill_database(installation: Installation) -> None:
    """As a crash would, and start it again as the supervisor does."""
    server = postmaster(installation.settings)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while (found := postmaster(installation.settings)) is not None and found.pid == server.pid:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    while True:
        try:
            postgres.start(installation.settings, keep=True)
            return
        except Exception:
            # its children still hold its shared memory
            assert time.monotonic() < deadline
            time.sleep(0.2)
