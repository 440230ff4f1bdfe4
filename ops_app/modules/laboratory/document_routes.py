"""The report of an order: formed from what is confirmed, then signed with the other documents of its doctor."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from ops_app.db import Db
from ops_app.i18n import _
from ops_app.kit.form_fields import PostedForm
from ops_app.modules.laboratory import report_document
from ops_app.modules.laboratory.opening import open_order
from ops_app.modules.laboratory.permissions import ResultConfirmer
from ops_app.ui.render import redirect

router = APIRouter(include_in_schema=False)


class ReportForm(BaseModel):
    """In which language of the state it is issued."""

    language: Literal["kk", "ru"] = "kk"


@router.post("/laboratory/orders/{order_id}/report", name="laboratory:form_report")
def form_report(request: Request, actor: ResultConfirmer, db: Db, order_id: int, posted: PostedForm) -> Response:
    """Form the report of an order; its doctor signs it on the next page."""
    open_order(db, actor, order_id)
    form = posted.check(ReportForm)
    language = form.value.language if form.value is not None else "kk"
    check = str(request.app.url_path_for("documents:check", code="CODE"))
    document = report_document.form_report(db, actor, order_id, language, check)
    url = str(request.app.url_path_for("documents:document", document_id=document.id))
    return redirect(request, url, _("The report is formed and waits for your signature"))
