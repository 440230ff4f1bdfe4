"""Mutated messages and frames by the thousand: each gets an answer of the standard, and memory does not grow."""

from __future__ import annotations

import contextlib
import gc
import random
from collections.abc import Callable

import psutil

from ingestion.archive import Kept
from ingestion.astm.framing import ACK, ENQ, EOT, NAK
from ingestion.hl7.intake import answers, judge
from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.device_messages.astm import BadMessage, parse
from tests.ingestion.astm.test_framing import MESSAGE, Host, frames
from tests.ingestion.hl7.mllp import Answer
from tests.ingestion.hl7.test_reader import ORU

MEMORY_NOISE = 24 * 1024 * 1024


def mutated(chance: random.Random, raw: bytes) -> bytes:
    """Bytes lost, put in, exchanged, or a piece repeated."""
    for _change in range(chance.randint(1, 6)):
        at, cut = chance.randrange(len(raw) + 1), chance.randint(0, 10)
        put = chance.choice((chance.randbytes(chance.randint(0, 6)), raw[at : at + 20], b"|^~\\&\r\x0b\x1c\x02\x03"))
        raw = raw[:at] + put + raw[at + cut :]
    return raw


def run(take: Callable[[random.Random], None], full_size: bool) -> None:
    chance = random.Random(20261122)
    for _warming in range(200):
        take(chance)
    gc.collect()
    before = psutil.Process().memory_info().rss
    for _input in range(100_000 if full_size else 300):
        take(chance)
    gc.collect()
    assert psutil.Process().memory_info().rss - before < MEMORY_NOISE


def test_each_mutated_hl7_message_is_answered(full_size: bool) -> None:
    def take(chance: random.Random) -> None:
        raw = mutated(chance, ORU.encode())
        for piece in hl7.split_batch(raw) or [raw]:
            judged = judge(piece, "127.0.0.1")
            told = [Answer.of(each).code for each in answers(judged, Kept(1, False))]
            # a mutated MSH-15 or MSH-16 may ask for silence or for both answers
            assert set(told) <= {"AA", "AE", "AR", "CA", "CE", "CR"}
            header = judged.message.header if judged.message is not None else None
            assert told or (header is not None and (header.text(15) or header.text(16)))
            assert judged.received.raw == piece

    run(take, full_size)


def test_each_mutated_astm_transmission_is_answered(full_size: bool) -> None:
    host = Host()

    def take(chance: random.Random) -> None:
        sent = [bytes((ENQ,)), *frames(MESSAGE), bytes((EOT,))]
        place = chance.randrange(len(sent))
        sent[place] = mutated(chance, sent[place])
        for piece in sent:
            assert set(host.take(piece)) <= {ACK, NAK}
        host.take(bytes((EOT,)))
        for text in (*host.kept, mutated(chance, MESSAGE)):
            with contextlib.suppress(BadMessage):
                assert parse(text.decode("utf-8", "replace")).header.type == "H"
        host.kept.clear()
        host.others.clear()

    run(take, full_size)
