"""Files that analysers send with their values: a histogram, a report as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.kit.dates import show_moment
from ops_app.mechanisms.document.inserting import pages_of
from ops_app.modules.laboratory.models import LabOrder, Report, ResultFile
from ops_app.modules.laboratory.opening import is_laboratory
from ops_app.modules.laboratory.pictures import Unreadable, for_print

SHOWN = ("application/pdf", "image/png", "image/jpeg")
"""Whatever a sender calls it, only these are shown inside the browser."""
LARGEST_INSERTED = 8 * 1024 * 1024


def may_see_files(actor: Actor, order: LabOrder) -> bool:
    """Outside the laboratory nobody sees values that nobody has confirmed, and a file holds all of them."""
    return is_laboratory(actor, order) or order.status == "completed"


def files_of(session: Session, actor: Actor, order: LabOrder) -> Sequence[ResultFile]:
    """Files of the reports that answer an order, in the order they came."""
    return sent_for(session, order) if may_see_files(actor, order) else []


def sent_for(session: Session, order: LabOrder) -> Sequence[ResultFile]:
    """All files of an order, whoever asks; one that was sent again counts once."""
    found = session.scalars(
        select(ResultFile)
        .join(Report, Report.id == ResultFile.report_id)
        .where(Report.order_id == order.id, Report.state == "matched")
        .order_by(ResultFile.id)
    ).all()
    first = {file.sha256: file for file in reversed(found)}
    return [file for file in found if first[file.sha256] is file]


def of_report(session: Session, report: Report) -> Sequence[ResultFile]:
    """Files that came with one report."""
    return session.scalars(select(ResultFile).where(ResultFile.report_id == report.id).order_by(ResultFile.id)).all()


def sent(file: ResultFile) -> Response:
    """A file as the browser gets it."""
    kind = file.content_type if file.content_type in SHOWN else None
    headers = {"content-disposition": "inline" if kind else "attachment", "x-content-type-options": "nosniff"}
    return Response(file.content, media_type=kind or "application/octet-stream", headers=headers)


def annexes(session: Session, order: LabOrder, pictures: dict[str, bytes]) -> list[dict[str, Any]]:
    """The files as an annex of the signed report; what it sets is added to ``pictures``.

    Only of an order whose every value is confirmed: a file holds all of them. What cannot be set is named with its
    checksum, so that the signature covers it too.
    """
    if order.status != "completed":
        return []
    return [_annex(file, pictures) for file in sent_for(session, order)]


def _annex(file: ResultFile, pictures: dict[str, bytes]) -> dict[str, Any]:
    told = {"title": file.title or "", "received": show_moment(file.recorded_at), "sha256": file.sha256}
    if file.content_type == "application/pdf" and len(file.content) <= LARGEST_INSERTED:
        pages = pages_of(file.content)
        if pages is not None:
            name = f"{file.sha256[:24]}.pdf"
            pictures[name] = file.content
            return told | {"file": name, "pages": pages}
    if file.content_type in ("image/png", "image/jpeg"):
        try:
            name, content = for_print(file.content)
        except Unreadable:
            return told | {"file": None, "pages": 0}
        pictures[name] = content
        return told | {"file": name, "pages": 0}
    return told | {"file": None, "pages": 0}
