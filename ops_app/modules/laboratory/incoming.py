"""Reports of analysers and other laboratories coming in, and what an analyser is to measure."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.modules.laboratory.incoming_report import (
    AnalyserOrder,
    IncomingPerson,
    IncomingReport,
    IncomingResult,
    Received,
)
from ops_app.modules.laboratory.models import (
    LabOrder,
    OrderService,
    Parameter,
    Report,
    ResultFile,
    ServiceParameter,
    Specimen,
)
from ops_app.modules.patients.models import Patient

__all__ = [
    "AnalyserOrder",
    "IncomingPerson",
    "IncomingReport",
    "IncomingResult",
    "Received",
    "open_orders_for",
    "receive_report",
]

TO_MEASURE = ("ordered", "in_progress", "partial")


def receive_report(db: Session, actor: Actor | None, report: IncomingReport) -> Received:
    """Store a report once; one that no order is found for waits in the queue of unmatched ones."""
    known = db.scalars(
        select(Report).where(
            Report.channel == report.channel, Report.sender == report.sender, Report.source_key == report.source_key
        )
    ).one_or_none()
    if known is not None:
        return Received(known.id, known.state != "unmatched", known.state == "matched")
    row = Report(
        channel=report.channel,
        sender=report.sender,
        source_key=report.source_key,
        state="unmatched",
        why_unmatched="no_order",
        content=_content(report),
        analyser_id=report.analyser,
        performer=report.performer,
        reported_at=report.reported_at,
    )
    db.add(row)
    db.flush()
    for result in report.results:
        if result.attachment is not None:
            db.add(
                ResultFile(
                    report_id=row.id,
                    content_type=result.attachment_type or "application/octet-stream",
                    title=result.name or result.code,
                    content=result.attachment,
                    sha256=hashlib.sha256(result.attachment).hexdigest(),
                    recorded_by=actor.login if actor else audit.SYSTEM,
                )
            )
    db.flush()
    audit.changed(db, actor, entity="laboratory.report", entity_id=row.id, after={"state": row.state})
    return Received(row.id, matched=False, held=False)


def _content(report: IncomingReport) -> dict[str, Any]:
    """The report as JSON; files are kept beside it."""
    content = dataclasses.asdict(report)
    for result in content["results"]:
        del result["attachment"]
    return audit.plain(content)


def open_orders_for(db: Session, analyser_id: int | None, specimen_barcode: str) -> list[AnalyserOrder]:
    """What is still to be measured from this tube; the codes are the system's own parameter codes."""
    specimen = db.scalars(select(Specimen).where(Specimen.barcode == specimen_barcode)).one_or_none()
    if specimen is None or specimen.status in ("rejected", "planned"):
        return []
    order = db.get_one(LabOrder, specimen.order_id)
    patient = db.get_one(Patient, order.patient_id)
    codes = db.scalars(
        select(Parameter.code)
        .join(ServiceParameter, ServiceParameter.parameter_id == Parameter.id)
        .join(OrderService, OrderService.service_id == ServiceParameter.service_id)
        .where(OrderService.specimen_id == specimen.id, OrderService.status.in_(TO_MEASURE))
        .where(Parameter.formula.is_(None))
        .order_by(OrderService.id, ServiceParameter.position)
    ).all()
    if not codes:
        return []
    return [
        AnalyserOrder(
            order_number=order.order_number or "",
            specimen_barcode=specimen.barcode,
            person=IncomingPerson(
                identifiers=(("iin", patient.iin),) if patient.iin else (),
                family_name=patient.family_name,
                given_name=patient.given_name,
                patronymic=patient.patronymic,
                birth_date=patient.birth_date,
                sex="male" if patient.sex == "male" else "female" if patient.sex == "female" else None,
            ),
            tests=tuple(dict.fromkeys(codes)),
            priority=order.priority,
            collected_at=specimen.collected_at,
        )
    ]
