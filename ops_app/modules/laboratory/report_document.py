"""The report of an order as a document: what is confirmed now, gathered once in its language, signed, corrected."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from ops_app.actor import Actor
from ops_app.errors import Conflict, Forbidden
from ops_app.i18n import _, speaking
from ops_app.kit.dates import show_moment
from ops_app.modules.documents.contents import about_organization, about_person, about_signer
from ops_app.modules.documents.forming import form_about
from ops_app.modules.documents.models import Document
from ops_app.modules.documents.titles import STATUS_COLOURS, STATUSES
from ops_app.modules.laboratory import queries, titles
from ops_app.modules.laboratory.analyser_files import annexes, sent_for
from ops_app.modules.laboratory.models import LabOrder, OrderService, Result, ResultFile
from ops_app.modules.laboratory.order_page import Row, Test, tests_of
from ops_app.modules.laboratory.pictures import for_print
from ops_app.modules.laboratory.ranges import ABNORMAL
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import practitioner_names
from ops_app.modules.patients.models import Patient
from ops_app.permissions import Permission
from ops_app.ui.render import local_name

KIND = "laboratory_report"


def may_form(actor: Actor, order: LabOrder) -> bool:
    """Whether the actor answers for reports of this laboratory."""
    return (
        actor.practitioner_id is not None
        and actor.scope(Permission.LABORATORY_RESULT_CONFIRM).allows(order.laboratory_id)
        and actor.scope(Permission.DOCUMENTS_RECORD_WRITE).allows(order.laboratory_id)
    )


def documents_of(session: Session, order: LabOrder) -> list[Document]:
    """The report of an order in all its versions, newest first."""
    newest = session.get(Document, order.document_id) if order.document_id else None
    if newest is None:
        return []
    return list(
        session.scalars(
            select(Document)
            .where(
                Document.kind == KIND,
                Document.organization_id == newest.organization_id,
                Document.year == newest.year,
                Document.sequence == newest.sequence,
            )
            .order_by(Document.version.desc())
        )
    )


def is_outdated(session: Session, order: LabOrder, document: Document) -> bool:
    """Whether something was confirmed, or a file came in, after the report was formed."""
    last = session.scalar(
        select(func.max(Result.confirmed_at))
        .join(OrderService, OrderService.id == Result.order_service_id)
        .where(OrderService.order_id == order.id, Result.is_current)
    )
    if last is not None and last > document.formed_at:
        return True
    return order.status == "completed" and any(
        file.recorded_at > document.formed_at for file in sent_for(session, order)
    )


def report_panel(session: Session, actor: Actor, order: LabOrder) -> dict[str, Any]:
    """What the page of an order draws of it."""
    found = documents_of(session, order)
    outdated = bool(found) and is_outdated(session, order, found[0])
    in_force = bool(found) and found[0].status in ("formed", "signed")
    return {
        "reports": found,
        "report_outdated": outdated,
        "may_form_report": may_form(actor, order) and (not in_force or outdated) and _has_confirmed(session, order),
        "document_states": STATUSES,
        "document_colours": STATUS_COLOURS,
    }


def _has_confirmed(session: Session, order: LabOrder) -> bool:
    found = (
        select(Result.id)
        .join(OrderService, OrderService.id == Result.order_service_id)
        .where(OrderService.order_id == order.id, Result.is_current, Result.status == "confirmed")
        .limit(1)
    )
    return session.scalar(found) is not None


def form_report(session: Session, actor: Actor, order_id: int, language: str, check_path: str) -> Document:
    """Form the report of what is confirmed; a later one is the next version under the same number."""
    order = queries.locked_order(session, order_id)
    if not may_form(actor, order):
        raise Forbidden(_("Results are confirmed by an authorised person of the laboratory"))
    before = session.get(Document, order.document_id) if order.document_id else None
    if before is not None and before.status in ("formed", "signed") and not is_outdated(session, order, before):
        raise Conflict(_("The report holds everything that is confirmed"))
    tubes = {tube.id: tube for tube in queries.specimens_of(session, order.id)}
    tests = [
        test
        for test in tests_of(session, order, tubes, inside=False)
        if any(row.result is not None for row in test.rows)
    ]
    if not tests:
        raise Conflict(_("Nothing of this order is confirmed yet"))
    organization = session.get_one(Organization, order.laboratory_id)
    pictures: dict[str, bytes] = {}
    with speaking(language):
        data = {
            "organization": about_organization(organization),
            "patient": about_person(session.get_one(Patient, order.patient_id)),
            "doctor": about_signer(session, actor.practitioner_id or 0),
            "order": _order(session, order),
            "tests": [_test(session, test, pictures) for test in tests],
            "annexes": annexes(session, order, pictures),
        }
        document = form_about(
            session,
            actor,
            KIND,
            organization_id=order.laboratory_id,
            patient_id=order.patient_id,
            language=language,
            data=data,
            check_path=check_path,
            replaces_id=order.document_id,
            pictures=pictures,
        )
    order.document_id = document.id
    session.flush()
    return document


def _order(session: Session, order: LabOrder) -> dict[str, Any]:
    tubes = queries.specimens_of(session, order.id)
    names = practitioner_names(session, [order.practitioner_id])
    place = local_name(session.get(Organization, order.organization_id))
    asked = ", ".join(filter(None, (names.get(order.practitioner_id or 0), place)))
    taken = [tube.collected_at for tube in tubes if tube.collected_at and tube.status != "rejected"]
    accepted = [tube.received_at for tube in tubes if tube.received_at and tube.status != "rejected"]
    number = order.order_number if order.lab_number is None else f"{order.order_number} ({order.lab_number})"
    return {
        "number": number,
        "requester": order.requester_text or asked,
        "collected": show_moment(min(taken)) if taken else None,
        "received": show_moment(min(accepted)) if accepted else None,
        "is_partial": order.status != "completed",
    }


def _test(session: Session, test: Test, pictures: dict[str, bytes]) -> dict[str, Any]:
    seen = [row for row in test.rows if row.result is not None]
    told = [row for row in seen if row.parameter.kind not in ("record", "image")]
    last = max((row.result for row in seen if row.result), key=lambda result: result.confirmed_at or result.entered_at)
    who = practitioner_names(session, [last.confirmed_practitioner_id]).get(last.confirmed_practitioner_id or 0)
    return {
        "title": test.title,
        "rows": [_row(row) for row in told],
        "records": [
            {"title": row.title, "text": row.value()} for row in seen if row.parameter.kind == "record" and row.value()
        ],
        "images": [
            _picture(session, row, row.result.file_id, pictures) for row in seen if row.result and row.result.file_id
        ],
        "conclusion": test.line.conclusion,
        "corrections": "; ".join(_correction(row) for row in seen if row.result and row.result.correction_reason)
        or None,
        "confirmed": f"{who or last.confirmed_by or ''}, {show_moment(last.confirmed_at or last.entered_at)}",
    }


def _picture(session: Session, row: Row, file_id: int, pictures: dict[str, bytes]) -> dict[str, str]:
    name, content = for_print(session.get_one(ResultFile, file_id, options=[undefer(ResultFile.content)]).content)
    pictures[name] = content
    return {"file": name, "title": row.value() or row.title}


def _row(row: Row) -> dict[str, Any]:
    flag = row.result.flag if row.result else None
    return {
        "title": row.title,
        "value": row.value(),
        "unit": row.unit,
        "usual": row.limits,
        "flag": _(titles.FLAGS[flag]) if flag and flag != "N" else "",
        "is_abnormal": flag in ABNORMAL,
    }


def _correction(row: Row) -> str:
    earlier = row.value(row.versions[0]) if row.versions else ""
    reason = row.result.correction_reason if row.result else ""
    return f"{row.title}: {earlier} → {row.value()} ({reason})"
