"""What the laboratory tells an analyser: the orders of a tube, asked for or unasked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ingestion.astm.interpretation import device_of
from ops_app.kit import clock
from ops_app.mechanisms.device_messages.analyser_profile import Profile, profile
from ops_app.mechanisms.device_messages.astm import Delimiters, Message, Record, escape
from ops_app.modules.devices import queries as devices
from ops_app.modules.devices.models import Device
from ops_app.modules.laboratory.incoming import AnalyserOrder, open_orders_for

STANDARD = Delimiters()
URGENT = ("urgent", "emergency")


def answer(engine: Engine, sender: str, peer: str, message: Message) -> bytes:
    """The orders of every tube a question names; "no information" when there are none."""
    with Session(engine) as session:
        device = device_of(session, sender, peer)
        declared = profile(device.profile if device else None)
        orders: list[tuple[str, AnalyserOrder]] = []
        if device is not None:
            for query in message.queries:
                for asked, specimen in _asked(query, declared):
                    orders += [(asked, each) for each in open_orders_for(session, device.id, specimen)]
        return order_message(session, device, declared, orders, report_type="Q")


def order_message(
    session: Session,
    device: Device | None,
    declared: Profile,
    orders: Sequence[tuple[str, AnalyserOrder]],
    *,
    report_type: str,
) -> bytes:
    """Orders as one message; each comes with the tube as the analyser itself wrote it, if it asked."""
    theirs = _codes(session, device, declared) if device else {}
    rows = [f"H|\\^&|||SAULYQ|||||{escape(device.sender, STANDARD) if device else ''}||P|LIS2-A2|{_now()}"]
    number = 0
    for asked, order in orders:
        tests = [theirs[code] for code in order.tests if code in theirs]
        if not tests:
            continue
        number += 1
        rows.append(_patient(number, order, declared))
        rows.append(_order(asked or order.specimen_barcode, order, tests, declared, report_type))
    rows.append("L|1|N" if number else "L|1|I")
    return "".join(f"{row}\r" for row in rows).encode(declared.charset, "replace")


def _asked(query: Record, declared: Profile) -> list[tuple[str, str]]:
    found = []
    for sent in query.repeats(3):
        parts = sent.split(query.delimiters.component)
        for _field, component in declared.query_specimen:
            specimen = (sent if component == 0 else parts[component - 1] if component <= len(parts) else "").strip()
            if specimen:
                found.append((sent if declared.order_specimen == (4, 3) else "", specimen))
                break
    return found


def _codes(session: Session, device: Device, declared: Profile) -> dict[str, str]:
    listed = {row.parameter_code: row.their_code for row in devices.mappings(session, device.id) if row.parameter_code}
    return {ours: their for their, ours in reversed(declared.codes.items())} | listed


def _patient(number: int, order: AnalyserOrder, declared: Profile) -> str:
    if not declared.sends_names:
        return f"P|{number}"
    person = order.person
    names = "^".join(escape(name or "", STANDARD) for name in (person.family_name, person.given_name))
    born = f"{person.birth_date:%Y%m%d}" if person.birth_date else ""
    sex = {"male": "M", "female": "F"}.get(person.sex or "", "U")
    return f"P|{number}||||{names}||{born}|{sex}"


def _order(specimen: str, order: AnalyserOrder, tests: Sequence[str], declared: Profile, report_type: str) -> str:
    field, component = declared.order_specimen
    text = specimen if "^" in specimen else "^" * max(component - 1, 0) + escape(specimen, STANDARD)
    asked = "\\".join(f"{declared.order_code_prefix}{escape(code, STANDARD)}" for code in tests)
    collected = f"{clock.local(order.collected_at):%Y%m%d%H%M%S}" if order.collected_at else ""
    fields = {1: "O", 2: "1", field: text, 5: asked, 6: "S" if order.priority in URGENT else "R"}
    fields |= {7: _now(), 8: collected, 12: "N", 26: report_type}
    return "|".join(fields.get(position, "") for position in range(1, 27))


def _now() -> str:
    return f"{clock.local(clock.now()):%Y%m%d%H%M%S}"
