"""One frame or file of HL7: split, judged, archived, and only then answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingestion.archive import Kept, Received
from ingestion.hl7 import answer
from ops_app.mechanisms.device_messages import hl7
from ops_app.mechanisms.device_messages.hl7_profile import Profile, profile_of
from ops_app.mechanisms.device_messages.hl7_structure import INTERNAL, SEQUENCE, Fault, code_of, faults

NO_MESSAGE = "This is not an HL7 message: no MSH segment"
TOO_LARGE = "The message is too large"
NOT_KEPT = "The message could not be stored; send it again"


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that waits to be archived, with what its sender is going to be told."""

    received: Received
    message: hl7.Message | None
    faults: tuple[Fault, ...]


def judge(raw: bytes, peer: str | None, channel: str = "hl7") -> Judged:
    """Read a message and say what its sender is told once it is archived."""
    try:
        message = hl7.read(raw)
    except hl7.NotHl7:
        fault = Fault(SEQUENCE, NO_MESSAGE, "MSH", 1)
        lane = f"hl7:{peer}"
        received = Received(channel, "", None, None, None, raw, None, peer, lane, "AR", as_error([fault]))
        return Judged(received, None, (fault,))
    sender, facility = message.header.text(3), message.header.text(4)
    profile = profile_of(sender, facility)
    if profile.charset:
        message = hl7.read(raw, profile.charset)
        sender, facility = message.header.text(3), message.header.text(4)
    found = faults(message, profile.optional)
    received = Received(
        channel,
        sender,
        facility,
        message.control_id or None,
        message.message_type or None,
        raw,
        message.charset,
        peer,
        lane_of(message, profile),
        code_of(found),
        as_error(found) if found else None,
    )
    return Judged(received, message, tuple(found))


def lane_of(message: hl7.Message, profile: Profile) -> str:
    """What is said of one person is read in order; what names nobody, in the order of its sender."""
    person = message.first("PID")
    if person is not None:
        for field in (3, 2, 4):
            number = person.value(field)
            if number.text(1):
                authority = number.text(4) or profile.authority or message.header.text(3)
                return f"hl7:{authority}:{number.text(1)}"
    return f"hl7:{message.header.text(3)}|{message.header.text(4)}"


def as_error(found: list[Fault]) -> Mapping[str, Any]:
    """The faults as the archive keeps them: the first one is the error, all are shown."""
    return found[0].as_json | {"faults": [each.as_json for each in found]}


def answers(judged: Judged, kept: Kept | None) -> list[bytes]:
    """The acknowledgements of one message; a duplicate gets those of its first copy, an unkept one a rejection."""
    if judged.message is None:
        return [answer.rejection(NO_MESSAGE if kept else NOT_KEPT)]
    if kept is None:
        fault = Fault(INTERNAL, NOT_KEPT)
        return [answer.answer(judged.message, code, [fault]) for code in answer.codes_to_send(judged.message, "AR")]
    code, told = judged.received.answer or "AA", judged.faults
    if kept.duplicate and kept.answer:
        code = kept.answer
        told = tuple(Fault(**each) for each in (kept.error or {}).get("faults", ()))
    if code != "AA" and not told:
        told = judged.faults
    return [
        answer.answer(judged.message, each, told if code != "AA" else ())
        for each in answer.codes_to_send(judged.message, code)
    ]


def too_large(head: bytes) -> bytes:
    """The rejection of a message of which only the beginning was held: nothing of it is archived."""
    try:
        message = hl7.read(head)
    except hl7.NotHl7:
        return answer.rejection(TOO_LARGE)
    code = (answer.codes_to_send(message, "AR") or ["AR"])[0]
    return answer.answer(message, code, [Fault(INTERNAL, TOO_LARGE)])


def batch_answer(answers_of_messages: list[bytes]) -> bytes:
    """The acknowledgements of a batch, in a batch."""
    body = b"".join(answers_of_messages)
    return b"BHS|^~\\&|SAULYQ\r" + body + f"BTS|{len(answers_of_messages)}\r".encode()
