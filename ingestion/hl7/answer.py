"""Acknowledgements: MSA and ERR, in original and in enhanced mode (HL7 2.x, chapter 2.9)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from ops_app.kit import clock
from ops_app.mechanisms.device_messages.hl7 import Delimiters, Message, escaped
from ops_app.mechanisms.device_messages.hl7_structure import TITLES, Fault

COMMIT = {"AA": "CA", "AE": "CE", "AR": "CR"}
_MODERN = ("2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9")
"""Versions whose ERR says the place in ERR-2 and the code in ERR-3."""


def codes_to_send(message: Message, code: str) -> list[str]:
    """Which acknowledgements the sender asked for in MSH-15 and MSH-16; AA, AE or AR in original mode."""
    accept, application = message.header.text(15), message.header.text(16)
    if not accept and not application:
        return [code]
    asked = []
    if _wants(accept, code):
        asked.append(COMMIT[code])
    # what could not be taken in has no application that could judge it
    if _wants(application, code) and not (asked and code != "AA"):
        asked.append(code)
    return asked


def _wants(condition: str, code: str) -> bool:
    return condition == "AL" or condition == ("SU" if code == "AA" else "ER")


def answer(message: Message, code: str, faults: Sequence[Fault]) -> bytes:
    """One acknowledgement in the delimiters, version and letters of the message."""
    marks, header = message.delimiters, message.header
    version = message.version if message.version else "2.5"
    kind = "ACK"
    if version not in ("2.1", "2.2") and message.event:
        kind = marks.component.join(("ACK", message.event, "ACK") if version >= "2.3.1" else ("ACK", message.event))
    msh = ["MSH", marks.encoding, header.raw(5), header.raw(6), header.raw(3), header.raw(4)]
    msh += [clock.now().strftime("%Y%m%d%H%M%S+0000"), "", kind, uuid.uuid4().hex[:20]]
    msh += [header.raw(11) or "P", header.raw(12) or version]
    if header.raw(18):
        msh += ["", "", "", "", "", header.raw(18)]
    said = faults[0].text if faults else ""
    msa = ["MSA", code, header.raw(10).strip(), escaped(said, marks)]
    lines = [marks.field.join(msh), marks.field.join(msa).rstrip(marks.field)]
    lines += [_err(fault, marks, version in _MODERN) for fault in faults]
    return ("\r".join(lines) + "\r").encode(message.charset, "replace")


def _err(fault: Fault, marks: Delimiters, is_modern: bool) -> str:
    place = [fault.segment or "", str(fault.sequence or 1) if fault.segment else "", str(fault.field or "")]
    title = TITLES.get(fault.code, "")
    if is_modern:
        if fault.component:
            place += ["1", str(fault.component)]
        code = marks.component.join((fault.code, title, "HL70357"))
        where = marks.component.join(place).rstrip(marks.component)
        return marks.field.join(("ERR", "", where, code, "E", "", "", "", escaped(fault.text, marks)))
    code = marks.subcomponent.join((fault.code, title, "HL70357"))
    return marks.field.join(("ERR", marks.component.join((*place, code))))


def rejection(text: str) -> bytes:
    """The answer to bytes that are no message: nobody can be named."""
    marks = Delimiters()
    now = clock.now().strftime("%Y%m%d%H%M%S+0000")
    lines = [
        f"MSH|{marks.encoding}|SAULYQ||||{now}||ACK|{uuid.uuid4().hex[:20]}|P|2.5",
        f"MSA|AR||{escaped(text)}",
        f"ERR||MSH|{100}^{TITLES['100']}^HL70357|E||||{escaped(text)}",
    ]
    return ("\r".join(lines) + "\r").encode()
