"""Makes records of an archived ASTM message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy.orm import Session

from ingestion.astm.gateway import decode
from ingestion.astm.reading import Measured, take
from ingestion.astm.values import day, moment, status
from ingestion.outcome import NotInterpreted, Outcome
from ops_app.mechanisms.device_messages.analyser_profile import Position, Profile, profile
from ops_app.mechanisms.device_messages.astm import BadMessage, Message, Order, Record, parse
from ops_app.modules.devices import queries as devices
from ops_app.modules.devices.models import Device
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.laboratory.incoming import IncomingPerson

_IIN = re.compile(r"^\d{12}$")


def interpret(session: Session, row: InboundMessage) -> Outcome:
    """Results become reports at the laboratory and runs of quality control; questions were answered at once."""
    try:
        message = parse(decode(row.raw)[0])
    except BadMessage as refused:
        raise NotInterpreted(refused.text, segment=refused.record, field=refused.field) from None
    if message.strays:
        first = message.strays[0]
        raise NotInterpreted("A record stands where none of its kind is expected", segment=first.type)
    if message.terminator is None:
        raise NotInterpreted("The message ends without a terminator record", segment="L")
    device = device_of(session, row.sender, row.peer)
    if device is None:
        raise NotInterpreted("No device of this name is registered", segment="H", field=5)
    if message.kind != "R":
        return Outcome(archived=True, organization_id=device.organization_id)
    declared = profile(device.profile)
    records = []
    before = 0
    for number, order in enumerate(message.orders, start=1):
        if not order.results:
            continue
        records += take(
            session,
            device,
            declared,
            "astm",
            first_filled(order.record, declared.specimen),
            list(_measured(message, order, declared, row, before)),
            f"{row.sha256.hex()[:32]}:{number}",
            is_control=any(_is_marked(order, mark.record, mark.position, mark.equals) for mark in declared.controls),
            person=_person(order.patient),
            conclusion=_remarks(order),
        )
        before += len(order.results)
    note = None if records else "nothing_to_take"
    return Outcome(tuple(records), organization_id=device.organization_id, note=note)


def place(session: Session, row: InboundMessage) -> int | None:
    """The organisation of the sender, where it can be told."""
    device = device_of(session, row.sender, row.peer)
    return device.organization_id if device else None


def device_of(session: Session, sender: str, peer: str | None) -> Device | None:
    """The device that calls itself so, wholly or by its first components; a nameless one by its address."""
    parts = sender.strip().split("^")
    for number in range(len(parts), 0, -1):
        found = devices.by_sender(session, "astm", "^".join(parts[:number]).strip())
        if found is not None:
            return found
    return devices.by_address(session, "astm", peer) if peer else None


def first_filled(record: Record, positions: tuple[Position, ...]) -> str:
    """The first of these places where something stands."""
    return next((text for field, part in positions if (text := record.text(field, part))), "")


def _measured(
    message: Message, order: Order, declared: Profile, row: InboundMessage, before: int
) -> Iterator[Measured]:
    """Results of an order; each is numbered among all of the message, as the screen shows them."""
    for number, result in enumerate(order.results, start=before + 1):
        record = result.record
        components = record.components(3)
        if declared.only is not None:
            place, expected = declared.only
            if (components[place - 1] if place <= len(components) else "") != expected:
                continue
        code = next((components[n - 1] for n in declared.code if n <= len(components) and components[n - 1]), "")
        told = (moment(record.text(field)) for field in declared.observed)
        yield Measured(
            code=code,
            value=record.text(4),
            unit=record.text(5),
            at=next((at for at in told if at), None) or moment(message.header.text(14)) or row.received_at,
            sequence=number,
            reference=record.text(6) or None,
            flag=record.text(7) or None,
            status=status(record.text(9)),
        )


def _is_marked(order: Order, kind: str, position: Position, expected: str) -> bool:
    records = {"O": [order.record], "P": [order.patient] if order.patient else []}.get(
        kind, [result.record for result in order.results]
    )
    return any(record.text(*position) == expected for record in records)


def _person(record: Record | None) -> IncomingPerson | None:
    """What can be compared with the order: number, birth date, sex. Names are typed at analysers in any letters."""
    if record is None:
        return None
    numbers = tuple(("iin", text) for field in (3, 4, 5) if _IIN.match(text := record.text(field)))
    sex = {"M": "male", "F": "female"}.get(record.text(9).upper()[:1])
    born = day(record.text(8))
    if not numbers and born is None:
        return None
    return IncomingPerson(identifiers=numbers, birth_date=born, sex=sex)  # type: ignore[arg-type]


def _remarks(order: Order) -> str | None:
    texts = [comment.text(4) for comment in order.comments]
    texts += [comment.text(4) for result in order.results for comment in result.comments]
    told = [" ".join(text.split("^")).strip() for text in texts]
    return "; ".join(dict.fromkeys(text for text in told if len(text) > 1)) or None
