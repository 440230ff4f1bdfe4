"""The low-level protocol, byte by byte, without a socket."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.astm.framing import (
    ACK,
    ENQ,
    EOT,
    ETX,
    LARGEST_FRAME,
    LARGEST_MESSAGE,
    NAK,
    RETRIES,
    STX,
    Answered,
    Dropped,
    Ended,
    Event,
    Frame,
    Link,
    Reply,
    checksum,
    frames,
    split_messages,
)
from ops_app.mechanisms.device_messages.astm import BadMessage, parse
from tests.conftest import FULL_SIZE
from tests.ingestion.astm.simulator import result_message

MESSAGE = result_message()


class Host:
    """A link whose archive always works."""

    def __init__(self) -> None:
        self.link = Link()
        self.kept: list[bytes] = []
        self.others: list[Event] = []

    def take(self, data: bytes) -> bytes:
        """Feed bytes; give back the answer."""
        self.link.feed(data)
        answer = b""
        while (event := self.link.next_event()) is not None:
            if isinstance(event, Reply):
                answer += event.data
            elif isinstance(event, Frame):
                self.kept += event.messages
                answer += self.link.accept()
            else:
                self.others.append(event)
        return answer


def framed(number: int, text: bytes) -> bytes:
    body = b"%d" % number + text + bytes((ETX,))
    return bytes((STX,)) + body + checksum(body) + b"\r\n"


@pytest.mark.parametrize("size", [7, 63, 240, 60_000])
def test_a_message_arrives_whole_whatever_the_size_of_its_frames(size: int) -> None:
    host = Host()
    assert host.take(bytes((ENQ,))) == bytes((ACK,))
    for frame in frames(MESSAGE, size):
        assert host.take(frame) == bytes((ACK,))
    assert host.kept == [MESSAGE]
    assert host.take(bytes((EOT,))) == b""
    assert host.others == [Ended(b"")]


def test_bytes_may_come_one_by_one() -> None:
    host = Host()
    answers = b"".join(host.take(bytes((byte,))) for byte in bytes((ENQ,)) + b"".join(frames(MESSAGE)))
    assert answers == bytes((ACK,)) * (1 + len(frames(MESSAGE))) and host.kept == [MESSAGE]


def test_a_wrong_checksum_is_refused_and_the_repetition_accepted() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    first, *rest = frames(MESSAGE)
    assert host.take(first.replace(b"SIM", b"SIN")) == bytes((NAK,))
    assert host.take(first[:-4] + b"ZZ\r\n") == bytes((NAK,))
    assert host.take(first) == bytes((ACK,))
    assert host.take(b"".join(rest)) == bytes((ACK,)) * len(rest)
    assert host.kept == [MESSAGE]


def test_a_frame_repeated_because_the_acknowledgement_was_lost_counts_once() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    for frame in frames(MESSAGE):
        assert host.take(frame) == host.take(frame) == bytes((ACK,))
    assert host.kept == [MESSAGE]


def test_a_frame_out_of_turn_is_refused() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    made = frames(MESSAGE)
    host.take(made[0])
    assert host.take(made[2]) == bytes((NAK,))
    assert host.take(made[1]) == bytes((ACK,))


def test_frame_numbers_go_round_after_seven() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    numbers = [frame[1:2] for frame in frames(MESSAGE, 20)]
    assert b"0" in numbers and len(numbers) > 9
    host.take(b"".join(frames(MESSAGE, 20)))
    assert host.kept == [MESSAGE]


def test_after_six_refusals_the_session_is_over() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    for _ in range(RETRIES + 1):
        assert host.take(b"\x021bad\x03ZZ\r\n") == bytes((NAK,))
    assert not host.link.is_receiving
    assert host.take(bytes((ENQ,))) == bytes((ACK,))


def test_a_record_without_its_carriage_return_is_ended_by_the_frame() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    for number, record in enumerate(MESSAGE.split(b"\r")[:-1], start=1):
        assert host.take(framed(number % 8, record)) == bytes((ACK,))
    assert host.kept == [MESSAGE]


def test_several_messages_in_one_session_and_in_one_frame() -> None:
    second = result_message(2)
    host = Host()
    host.take(bytes((ENQ,)))
    host.take(framed(1, MESSAGE + second))
    assert host.kept == [MESSAGE, second]
    # some analysers count the frames of each message from one
    assert host.take(framed(1, result_message(3))) == bytes((ACK,))
    assert len(host.kept) == 3


def test_a_restart_in_the_middle_drops_what_was_begun() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    made = frames(MESSAGE)
    host.take(made[0] + made[1][:10])
    assert host.take(bytes((ENQ,))) == bytes((ACK,))
    assert isinstance(host.others[0], Dropped)
    host.take(b"".join(made))
    assert host.kept == [MESSAGE]


def test_a_frame_cut_off_by_another_frame() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    made = frames(MESSAGE)
    assert host.take(made[0][:9] + made[0]) == bytes((ACK,))


def test_an_end_without_a_terminator_hands_over_what_was_acknowledged() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    made = frames(MESSAGE)
    host.take(b"".join(made[:-1]))
    host.take(bytes((EOT,)))
    assert host.others == [Ended(MESSAGE.rsplit(b"L|", 1)[0])] and not host.kept


def test_what_cannot_be_kept_is_not_acknowledged() -> None:
    link = Link()
    link.feed(bytes((ENQ,)) + framed(1, MESSAGE))
    assert link.next_event() == Reply(bytes((ACK,)))
    assert link.next_event() == Frame((MESSAGE,))
    assert link.next_event() is None
    assert link.refuse() == bytes((NAK,))
    link.feed(framed(1, MESSAGE))
    assert link.next_event() == Frame((MESSAGE,))
    assert link.accept() == bytes((ACK,))


def test_an_endless_frame_and_an_endless_message_are_given_up() -> None:
    host = Host()
    host.take(bytes((ENQ,)))
    assert host.take(b"\x021" + b"x" * (LARGEST_FRAME + 10)) == bytes((NAK,))
    host.take(bytes((ENQ,)))
    record, answer, number = b"C|1|" + b"x" * 50_000, b"", 1
    for _ in range(LARGEST_MESSAGE // 50_000 + 2):
        answer = host.take(framed(number % 8, record))
        number += 1
        if answer == bytes((NAK,)):
            break
    assert answer == bytes((NAK,)) and not host.link.is_receiving


def test_what_we_send_is_answered_and_a_collision_is_seen() -> None:
    link = Link()
    assert link.begin_sending() == bytes((ENQ,))
    link.feed(b"\r\n" + bytes((ENQ, ACK)))
    assert [link.next_event(), link.next_event()] == [Answered(ENQ), Answered(ACK)]


def test_silence_drops_what_was_begun() -> None:
    host = Host()
    host.take(bytes((ENQ,)) + frames(MESSAGE)[0])
    assert isinstance(host.link.expire(), Dropped)
    assert host.link.is_neutral and host.link.expire() is None


def test_a_broken_result_that_begins_with_l_ends_no_message() -> None:
    text = b"H|\\^&\rR|1|^^^A|1|mIU/m\rL|0.35 TO 4.94|EXP\rL|1|N\r"
    messages, rest = split_messages(text)
    assert messages == [text] and not rest


PIECES = st.one_of(
    st.sampled_from([bytes((code,)) for code in (ENQ, EOT, ACK, NAK, STX, ETX)]),
    st.sampled_from(frames(MESSAGE)),
    st.sampled_from(frames(MESSAGE)).flatmap(
        lambda frame: st.integers(0, len(frame) - 1).map(lambda at: frame[:at] + b"\x7f" + frame[at + 1 :])
    ),
    st.binary(max_size=30),
)


@settings(max_examples=100_000 if FULL_SIZE else 200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=6))
def test_no_bytes_break_the_link(pieces: list[bytes]) -> None:
    host = Host()
    for piece in pieces:
        answer = host.take(piece)
        assert set(answer) <= {ACK, NAK}
    # whatever came before, a sender that begins properly is understood
    host.take(bytes((EOT,)))
    before = len(host.kept)
    assert host.take(bytes((ENQ,)))[-1] == ACK
    for frame in frames(MESSAGE):
        assert host.take(frame) == bytes((ACK,))
    assert host.kept[before:] == [MESSAGE]


@settings(max_examples=100_000 if FULL_SIZE else 200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=200),
        st.tuples(st.integers(0, len(MESSAGE) - 1), st.text(max_size=4)).map(
            lambda change: MESSAGE.decode()[: change[0]] + change[1] + MESSAGE.decode()[change[0] + 1 :]
        ),
    )
)
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(BadMessage):
        assert parse(text).header.type == "H"
