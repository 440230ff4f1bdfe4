"""The reader takes anything apart and loses nothing; the structure table says what is wrong and where."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.device_messages.hl7_structure import code_of, faults
from tests.conftest import FULL_SIZE

ORU = (
    "MSH|^~\\&|LAB|H1|SAULYQ|KZ|20261120101500||ORU^R01^ORU_R01|77|P|2.5.1\r"
    "PID|1||123^^^LAB^MR||Ахметова^Айгүл\r"
    "OBR|1|ORD-1|F-1|58410-2^CBC^LN\r"
    "OBX|1|NM|718-7^Hb^LN||120|g/L|120-160|N|||F\r"
)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("marks", ["|^~\\&", "#@*!%", "^|~\\&", "|$~\\&"])
def test_any_delimiters_and_line_ends(end: str, marks: str) -> None:
    text = ORU.translate(dict(zip(map(ord, "|^~\\&"), marks, strict=True))).replace("\r", end)
    message = hl7.read(text.encode())
    assert (message.kind, message.event, message.control_id, message.version) == ("ORU", "R01", "77", "2.5.1")
    person = message.first("PID")
    assert person is not None
    assert (person.text(5), person.text(5, 2), person.text(3, 4)) == ("Ахметова", "Айгүл", "LAB")
    assert faults(message) == []


def test_escapes_repetitions_and_subcomponents() -> None:
    line = r"NTE|1||a\F\b\S\c\T\d\R\e\E\f\X0D41\g\.br\h\Zxx\i~second&sub|" "|"
    message = hl7.read(f"MSH|^~\\&|A\r{line}".encode())
    note = message.first("NTE")
    assert note is not None
    assert note.text(3) == "a|b^c&d~e\\f\rAg\nh\\Zxx\\i"
    assert [each.text(1, 2) for each in note.repetitions(3)] == ["", "sub"]
    assert not note.has(4)


@pytest.mark.parametrize(
    ("declared", "written", "name"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8"),
        ("", "utf-8", "utf-8"),
        ("", "cp1251", "cp1251"),
        ("CP1251", "cp1251", "cp1251"),
        ("8859/5", "iso8859-5", "iso8859-5"),
        # a default that nobody changed, with letters it does not have
        ("UNICODE UTF-8", "cp1251", "cp1251"),
        ("ASCII~UNICODE UTF-8", "utf-8", "utf-8"),
    ],
)
def test_character_sets_declared_and_not(declared: str, written: str, name: str) -> None:
    text = f"MSH|^~\\&|LAB||||||ORU^R01|1|P|2.5||||||{declared}\rPID|||1||Серікова^Мария\r"
    text = text.replace("і", "i")
    message = hl7.read(text.encode(written))
    person = message.first("PID")
    assert person is not None
    assert (person.text(5, 2), message.charset) == ("Мария", name)


def test_a_file_falls_into_its_messages() -> None:
    parts = hl7.split_batch(f"FHS|^~\\&|A\rBHS|^~\\&|A\r{ORU}{ORU}BTS|2\rFTS|1\r".encode())
    assert [part.decode() for part in parts] == [ORU, ORU]
    assert hl7.split_batch(f"\ufeff{ORU}".encode())[0].endswith(ORU.encode())
    assert hl7.split_batch(b"") == []


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (("ORU^R01^ORU_R01|77", "ORU^R01^ORU_R01|"), "AE", ("MSH", 10)),
        (("ORU^R01^ORU_R01", ""), "AE", ("MSH", 9)),
        (("|P|", "||"), "AE", ("MSH", 11)),
        (("|2.5.1", "|"), "AE", ("MSH", 12)),
        (("|2.5.1", "|9.9"), "AR", ("MSH", 12)),
        (("|P|", "|Q|"), "AR", ("MSH", 11)),
        (("ORU^R01^ORU_R01", "AAA^R01"), "AR", ("MSH", 9)),
        (("^~\\&", "^^^^"), "AE", ("MSH", 2)),
        (("718-7^Hb^LN", ""), "AE", ("OBX", 3)),
        (("|NM|", "|XX|"), "AE", ("OBX", 2)),
        (("58410-2^CBC^LN", "^^"), "AE", ("OBR", 4)),
        (("OBR|", "NTE|"), "AE", ("OBR", None)),
        (("OBR|", "free text|"), "AE", (None, None)),
    ],
)
def test_what_is_wrong_is_named(change: tuple[str, str], code: str, place: tuple[str | None, int | None]) -> None:
    found = faults(hl7.read(ORU.replace(*change).encode()))
    assert code_of(found) == code
    assert (found[0].segment, found[0].field) == place


def test_a_profile_may_leave_a_place_empty() -> None:
    message = hl7.read(ORU.replace("|P|", "||").encode())
    assert faults(message, frozenset({"MSH-11"})) == []


noise = st.text(st.sampled_from("|^~\\&\r\n#MSHPIDOBXRU \0.\x0b1AXfé\ud7ffӘ"), max_size=60)
mutations = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 12), st.binary(max_size=8)), min_size=1, max_size=8)


@settings(max_examples=100_000 if FULL_SIZE else 150, deadline=None)
@given(mutations)
@example([(4, 4, b"")])
def test_no_mutation_of_a_message_breaks_the_reader(changes: list[tuple[int, int, bytes]]) -> None:
    raw = ORU.encode()
    for at, cut, put in changes:
        raw = raw[:at] + put + raw[at + cut :]
    read_all(raw)


@settings(max_examples=100_000 if FULL_SIZE else 150, deadline=None)
@given(st.one_of(st.binary(max_size=200), noise.map(lambda text: ("MSH" + text).encode())))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    read_all(raw)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40))
def test_what_is_escaped_reads_back(text: str) -> None:
    assert hl7.unescaped(hl7.escaped(text), hl7.Delimiters()) == text


def read_all(raw: bytes) -> None:
    for part in hl7.split_batch(raw) or [raw]:
        try:
            message = hl7.read(part)
        except hl7.NotHl7:
            continue
        assert code_of(faults(message)) in ("AA", "AE", "AR")
        for segment in message.segments:
            for number in range(len(segment.fields)):
                segment.text(number)
