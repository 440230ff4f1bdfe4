"""Orders to laboratories outside this installation, written as OML^O21 into the outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.mechanisms.device_messages.hl7 import escaped
from ops_app.mechanisms.outbox import outbox
from ops_app.mechanisms.outbox.models import Message
from ops_app.modules.laboratory.models import LabOrder, OrderService, Service, Specimen
from ops_app.modules.organizations.models import Organization, Practitioner
from ops_app.modules.patients.models import Patient

SYSTEM = "external_laboratory"
KIND = "OML^O21"
ORDERS_A_RUN = 200
RECENT = dt.timedelta(days=30)
_PRIORITIES = {"emergency": "S", "urgent": "A", "routine": "R"}
_SEXES = {"male": "M", "female": "F"}


def put_orders(session: Session) -> int:
    """Put every order to an external laboratory into the outbox once."""
    key = "order:" + LabOrder.order_number
    waiting = (
        select(LabOrder, Patient, Organization)
        .join(Patient, Patient.id == LabOrder.patient_id)
        .join(Organization, Organization.id == LabOrder.laboratory_id)
        .where(
            Organization.is_external,
            LabOrder.status == "registered",
            LabOrder.order_number.is_not(None),
            LabOrder.ordered_at > clock.now() - RECENT,
            ~select(Message.id).where(Message.system == SYSTEM, Message.message_key == key).exists(),
        )
        .order_by(LabOrder.id)
        .limit(ORDERS_A_RUN)
    )
    found = session.execute(waiting).all()
    for order, patient, laboratory in found:
        outbox.put(
            session,
            SYSTEM,
            KIND,
            f"order:{order.order_number}",
            {"hl7": written(session, order, patient, laboratory)},
            patient_id=patient.id,
            organization_id=order.organization_id,
        )
    return len(found)


def written(session: Session, order: LabOrder, patient: Patient, laboratory: Organization) -> str:
    """The order as OML^O21 (HL7 2.5.1), one segment a line."""
    asking = session.get_one(Organization, order.organization_id)
    at = _time(order.ordered_at)
    lines = [
        _line(
            "MSH", "^~\\&", "SAULYQ", asking.bin or asking.name_ru, "", laboratory.bin or laboratory.name_ru, at, "",
            ("OML", "O21", "OML_O21"), f"O{order.order_number}", "P", "2.5.1", "", "", "AL", "NE", "KAZ",
            "UNICODE UTF-8",
        ),
        _person(patient),
    ]  # fmt: skip
    for position, (service, specimen) in enumerate(_services(session, order), 1):
        number = order.order_number or ""
        priority = ("", "", "", "", "", _PRIORITIES[order.priority])
        lines += [
            _line("ORC", "NW", number, "", "", "", "", priority, "", at, "", "", _doctor(session, order)),
            _line("OBR", str(position), number, "", (service.code, service.title_ru, "L")),
        ]
        if specimen is not None:
            collected = _time(specimen.collected_at) if specimen.collected_at else ""
            lines.append(
                _line("SPM", str(position), specimen.barcode, "", specimen.specimen_type, *[""] * 12, collected)
            )
    return "\n".join(lines)


def _services(session: Session, order: LabOrder) -> Sequence[Row[Service, Specimen]]:
    return session.execute(
        select(Service, Specimen)
        .join(OrderService, OrderService.service_id == Service.id)
        .outerjoin(Specimen, Specimen.id == OrderService.specimen_id)
        .where(OrderService.order_id == order.id, OrderService.status.not_in(("cancelled", "replaced")))
        .order_by(OrderService.id)
    ).all()


def _person(patient: Patient) -> str:
    of_state = (patient.iin or "", "", "", "IIN", "NI")
    number = of_state if patient.iin else (str(patient.temporary_id), "", "", "SAULYQ", "PI")
    names = (patient.family_name, patient.given_name, patient.patronymic or "")
    born = f"{patient.birth_date:%Y%m%d}"
    return _line("PID", "1", "", number, "", names, "", born, _SEXES.get(patient.sex, "U"))


def _doctor(session: Session, order: LabOrder) -> tuple[str, ...]:
    doctor = session.get(Practitioner, order.practitioner_id) if order.practitioner_id else None
    return (str(doctor.id), doctor.family_name, doctor.given_name) if doctor else ("", order.requester_text or "")


def _line(name: str, *fields: Any) -> str:
    parts = []
    for field in fields:
        components = field if isinstance(field, tuple) else (field,)
        parts.append(field if field == "^~\\&" else "^".join(escaped(str(each)) for each in components).rstrip("^"))
    return "|".join((name, *parts)).rstrip("|")


def _time(moment: dt.datetime) -> str:
    return f"{clock.local(moment):%Y%m%d%H%M%S%z}"
