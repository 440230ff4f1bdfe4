"""The queue of reports that no order was found for: a person assigns each, or says that it belongs to nobody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.modules.laboratory import titles, unmatched
from ops_app.modules.laboratory.analyser_files import of_report, sent
from ops_app.modules.laboratory.forms import DismissForm, MatchForm
from ops_app.modules.laboratory.models import Report
from ops_app.modules.laboratory.permissions import ReportMatcher
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/laboratory/unmatched", name="laboratory:unmatched")
def queue(request: Request, actor: ReportMatcher, db: Db, paging: Paging) -> Response:
    """Reports without an order."""
    found = fetch_page(
        db,
        unmatched.reachable(actor).where(Report.state == "unmatched"),
        paging,
        sortable={"at": Report.recorded_at},
        default=[Report.recorded_at, Report.id],
        scalars=True,
    )
    return page(request, "laboratory/unmatched.html", found=found, words=titles)


@router.get("/laboratory/reports/{report_id}", name="laboratory:report")
def report_page(request: Request, actor: ReportMatcher, db: Db, report_id: int) -> Response:
    """What a report says, and where it may belong."""
    return _page(request, db, actor, report_id, blank())


def _page(
    request: Request,
    db: Session,
    actor: Actor,
    report_id: int,
    form: Form[Any],
    about: str = "",
    status_code: int = 200,
) -> Response:
    report = unmatched.open_report(db, actor, report_id)
    return page(
        request,
        "laboratory/report.html",
        report=report,
        form=form,
        blank=blank(),
        about=about,
        files=of_report(db, report),
        suggested=unmatched.suggested(db, actor, report),
        message_id=unmatched.message_of(db, report) if actor.may(Permission.INGEST_JOURNAL_READ) else None,
        words=titles,
        status_code=status_code,
    )


@router.get("/laboratory/reports/{report_id}/files/{file_id}", name="laboratory:report_file")
def report_file(actor: ReportMatcher, db: Db, report_id: int, file_id: int) -> Response:
    """A file of a report that belongs to nobody yet: often it alone says whose it is."""
    report = unmatched.open_report(db, actor, report_id)
    found = next((file for file in of_report(db, report) if file.id == file_id), None)
    if found is None:
        raise NotFound(_("There is no such file"))
    return sent(found)


@router.post("/laboratory/reports/{report_id}/match", name="laboratory:match")
def match(request: Request, actor: ReportMatcher, db: Db, report_id: int, posted: PostedForm) -> Response:
    """Give a report to an order."""
    form = posted.check(MatchForm)
    if form.value is not None:
        try:
            with db.begin_nested():
                row = unmatched.assign(db, actor, report_id, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("laboratory:order", order_id=row.order_id))
            return redirect(request, url, _("The report is assigned; look at its values"))
    return _page(request, db, actor, report_id, form, "match", 422)


@router.post("/laboratory/reports/{report_id}/dismiss", name="laboratory:dismiss")
def dismiss(request: Request, actor: ReportMatcher, db: Db, report_id: int, posted: PostedForm) -> Response:
    """Say that a report belongs to nobody here."""
    form = posted.check(DismissForm)
    if form.value is not None:
        unmatched.dismiss(db, actor, report_id, form.value.reason)
        return redirect(request, str(request.app.url_path_for("laboratory:unmatched")), _("The report is set aside"))
    return _page(request, db, actor, report_id, form, "dismiss", 422)
