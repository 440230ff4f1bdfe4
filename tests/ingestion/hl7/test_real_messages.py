"""Messages that nobody here wrote: each gets the acknowledgement the standard wants."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import hl7
import psycopg
import pytest

from tests.ingestion.hl7.mllp import Answer, Sender, gateway
from tests.installation import Database
from tests.shared_data import shared

# enhanced mode: no answer is asked for, or one only where something is wrong
SILENT = tuple((accept, done) for accept in ("NE", "ER") for done in ("", "NE", "ER"))
"""Combinations of MSH-15 and MSH-16 that ask for no answer to a good message."""


@pytest.fixture(scope="module")
def files() -> list[tuple[Path, dict[str, str]]]:
    folder = shared("hl7v2")
    with open(folder / "manifest.csv") as file:
        return [(folder / row["file"], row) for row in csv.DictReader(file)]


@pytest.mark.req("INT-LIS-02", "INT-WEARABLE-03")
def test_every_message_gets_its_acknowledgement(database: Database, files: list[tuple[Path, dict[str, str]]]) -> None:
    codes: Counter[str] = Counter()
    with gateway(database) as port:
        sender = Sender(port)
        for file, _ in files:
            raw = file.read_bytes().replace(b"\x0b", b"").replace(b"\x1c", b"")
            header = re.search(rb"MSH[^\r\n]*", raw)
            fields = header.group().split(header.group()[3:4]) if header else []
            modes = tuple(fields[n].decode() if len(fields) > n else "" for n in (14, 15))
            sender.write(raw)
            if modes in SILENT and sender.is_silent(0.3):
                codes["silent"] += 1
                continue
            answer = Answer.of(sender.answer())
            if modes == ("AL", "AL") and answer.code == "CA":
                assert Answer.of(sender.answer()).code == "AA"
            if len(fields) > 9:
                assert answer.control_id == fields[9].decode().strip(), file.name
            codes[answer.code] += 1
            if answer.code[1] != "A":
                assert answer.segment("ERR"), file.name
            missing = re.search(r"_NO_MSH(9|10|11|12)", file.name)
            if missing:
                assert (answer.code, answer.segment("ERR")[2]) == ("AE", f"MSH^1^{missing.group(1)}"), file.name
            if "BadDelimiters" in file.name:
                assert answer.segment("ERR")[2] == "MSH^1^2"
        sender.close()
    assert sum(codes.values()) == len(files) == 652
    assert codes["AA"] + codes["CA"] + codes["silent"] > 450, codes
    with psycopg.connect(database.libpq("owner")) as connection:
        states = dict(connection.execute("select state, count(*) from ingest.message group by 1").fetchall())
        lost = connection.execute("select count(*) from ingest.message where octet_length(raw) = 0").fetchone()
    assert lost == (0,)
    assert states["received"] > 450 and states["failed"] > 50


def test_an_independent_client_reads_our_answers(database: Database, files: list[tuple[Path, dict[str, str]]]) -> None:
    chosen = [file for file, row in files if row["python_hl7"] == "ok" and row["msh9"].startswith("ADT^A01")][:10]
    from hl7.client import MLLPClient

    with gateway(database) as port:
        for file in chosen:
            parsed = hl7.parse(file.read_text("utf-8").replace("\r\n", "\r").replace("\n", "\r"))
            with MLLPClient("127.0.0.1", port) as client:
                answer = hl7.parse(client.send_message(parsed).decode().strip("\x0b\x1c\r"))
            assert str(answer.segment("MSA")[2]) == str(parsed.segment("MSH")[10])
