"""Protocols by diagnosis; conditions of services and the hint about them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.modules.classifiers.queries import titles
from ops_app.modules.guidance import queries, service
from ops_app.modules.guidance.forms import CloseForm, ProtocolForm, RuleForm
from ops_app.modules.guidance.permissions import GuidanceManager, GuidanceReader
from ops_app.permissions import Permission
from ops_app.ui.render import fragment, page, redirect

router = APIRouter()


@router.get("/protocols", name="guidance:protocols")
def protocols(request: Request, actor: GuidanceReader, db: Db, q: str = "") -> Response:
    """Protocols in force, by diagnosis or words."""
    return _protocols(request, db, actor, blank(), q=q)


def _protocols(
    request: Request, db: Session, actor: Actor, form: Form[Any], *, q: str = "", status_code: int = 200
) -> Response:
    return page(
        request,
        "guidance/protocols.html",
        protocols=queries.protocols(db, q),
        title=queries.title,
        q=q,
        form=form,
        may_manage=actor.may(Permission.GUIDANCE_BOOK_MANAGE),
        status_code=status_code,
    )


@router.post("/protocols", name="guidance:add_protocol")
def add_protocol(request: Request, actor: GuidanceManager, db: Db, posted: PostedForm) -> Response:
    """Enter a protocol or its newer version."""
    form = posted.check(ProtocolForm)
    upload = posted.data.get("file")
    is_file = isinstance(upload, UploadFile)
    content = upload.file.read() if isinstance(upload, UploadFile) else b""
    name = (upload.filename or "protocol.pdf") if isinstance(upload, UploadFile) and is_file else ""
    if form.value is not None:
        try:
            row = service.add_protocol(db, actor, form.value, name[:120], content)
        except OpsError as refused:
            form.refuse(refused)
        else:
            url = str(request.app.url_path_for("guidance:protocol", protocol_id=row.id))
            return redirect(request, url, _("The protocol is entered"))
    return _protocols(request, db, actor, form, status_code=422)


@router.get("/protocols/{protocol_id}", name="guidance:protocol")
def protocol(request: Request, actor: GuidanceReader, db: Db, protocol_id: int) -> Response:
    """A protocol with its versions."""
    row = queries.protocol_or_404(db, protocol_id)
    return page(
        request,
        "guidance/protocol.html",
        protocol=row,
        title=queries.title,
        versions=queries.versions(db, row.code),
        diagnoses=titles(db, (("icd10", code) for code in row.icd10)),
        may_manage=actor.may(Permission.GUIDANCE_BOOK_MANAGE),
    )


@router.get("/protocols/{protocol_id}/file", name="guidance:file")
def file(actor: GuidanceReader, db: Db, protocol_id: int) -> Response:
    """The file of a protocol, as it was entered."""
    row = queries.protocol_or_404(db, protocol_id, content=True)
    if row.content is None:
        raise NotFound(_("This protocol has no file"))
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(row.file_name or 'protocol.pdf')}"}
    return Response(row.content, media_type="application/pdf", headers=headers)


@router.post("/protocols/{protocol_id}/withdraw", name="guidance:withdraw")
def withdraw(request: Request, actor: GuidanceManager, db: Db, protocol_id: int) -> Response:
    """Let a protocol count no more."""
    service.withdraw_protocol(db, actor, protocol_id)
    return redirect(request, str(request.app.url_path_for("guidance:protocols")), _("The protocol is withdrawn"))


@router.get("/service-conditions", name="guidance:rules")
def rules(request: Request, actor: GuidanceReader, db: Db) -> Response:
    """Conditions of services."""
    return _rules(request, db, actor, blank({"effective_from": clock.today()}))


def _rules(request: Request, db: Session, actor: Actor, form: Form[Any], status_code: int = 200) -> Response:
    listed = queries.all_rules(db)
    return page(
        request,
        "guidance/rules.html",
        rules=listed,
        hint=queries.hint,
        services=titles(db, (("service", rule.service_code) for rule in listed)),
        form=form,
        today=clock.today(),
        may_manage=actor.may(Permission.GUIDANCE_BOOK_MANAGE),
        status_code=status_code,
    )


@router.post("/service-conditions", name="guidance:add_rule")
def add_rule(request: Request, actor: GuidanceManager, db: Db, posted: PostedForm) -> Response:
    """Enter a condition."""
    form = posted.check(RuleForm)
    if form.value is not None:
        try:
            service.add_rule(db, actor, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, str(request.app.url_path_for("guidance:rules")), _("The condition is entered"))
    return _rules(request, db, actor, form, 422)


@router.post("/service-conditions/{rule_id}/close", name="guidance:close_rule")
def close_rule(request: Request, actor: GuidanceManager, db: Db, rule_id: int, posted: PostedForm) -> Response:
    """Let a condition count no more."""
    form = posted.check(CloseForm)
    if form.value is not None:
        service.close_rule(db, actor, rule_id, form.value.effective_to)
    return redirect(request, str(request.app.url_path_for("guidance:rules")), _("Saved") if form.value else None)


@router.get("/service-hints", name="guidance:hint")
def service_hint(request: Request, actor: GuidanceReader, db: Db, code: str = "") -> Response:
    """What is demanded before a service: told while a visit is booked."""
    found = queries.rules(db, [code], clock.today()) if code else []
    return fragment(request, "guidance/_hint.html", rules=found, code=code, hint=queries.hint)
