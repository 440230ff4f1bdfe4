"""Screens of inbound messages."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, PostedForm, blank
from ops_app.mechanisms.device_messages.hl7_profile import profile_of
from ops_app.modules.ingest import parsed, queries, service, titles
from ops_app.modules.ingest.forms import CorrectionForm, ReasonForm
from ops_app.modules.ingest.models import InboundMessage
from ops_app.modules.ingest.permissions import ContentsReader, Corrector, JournalReader
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter(include_in_schema=False)


@router.get("/inbound/{message_id}", name="ingest:message")
def message(request: Request, message_id: int, actor: JournalReader, db: Db) -> Response:
    return _message_page(request, actor, db, _found(db, actor, message_id), blank())


@router.get("/inbound/{message_id}/contents", name="ingest:contents")
def contents(request: Request, message_id: int, actor: ContentsReader, db: Db) -> Response:
    found = _opened(db, actor, message_id)
    return _contents_page(request, actor, db, found, blank({"body": service.readable(found)}))


@router.post("/inbound/{message_id}/correct", name="ingest:correct")
def correct(request: Request, message_id: int, actor: Corrector, db: Db, posted: PostedForm) -> Response:
    found = _opened(db, actor, message_id)
    form = posted.check(CorrectionForm)
    if form.value is not None:
        try:
            copy = service.correct(db, actor, found, form.value.body, form.value.reason)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _done(request, copy.id, _("The corrected copy is read in a moment"))
    return _contents_page(request, actor, db, found, form, status_code=422)


@router.post("/inbound/{message_id}/replay", name="ingest:replay")
def replay(request: Request, message_id: int, actor: Corrector, db: Db, posted: PostedForm) -> Response:
    found = _found(db, actor, message_id)
    form = posted.check(ReasonForm)
    if form.value is not None:
        service.replay(db, actor, found, form.value.reason)
        return _done(request, message_id, _("The message is read again in a moment"))
    return _message_page(request, actor, db, found, form, status_code=422)


def _found(db: Session, actor: Actor, message_id: int) -> InboundMessage:
    found = queries.message(db, actor.scope(Permission.INGEST_JOURNAL_READ), message_id)
    if found is None:
        raise NotFound(_("There is no such message"))
    return found


def _opened(db: Session, actor: Actor, message_id: int) -> InboundMessage:
    """The message with its contents: the person in it is opened like any other, by rule and with an audit row."""
    found = _found(db, actor, message_id)
    if found.patient_id is not None:
        open_patient(db, actor, found.patient_id, Permission.INGEST_CONTENTS_READ)
    else:
        # it may name a person all the same, whom nobody could tell yet
        audit.security(db, actor.login, "ingest:contents", account_id=actor.account_id, message=found.id)
    return found


def _message_page(
    request: Request, actor: Actor, db: Session, found: InboundMessage, form: Form[ReasonForm], status_code: int = 200
) -> Response:
    return page(request, "ingest/message.html", **_about(actor, db, found), form=form, status_code=status_code)


def _contents_page(
    request: Request,
    actor: Actor,
    db: Session,
    found: InboundMessage,
    form: Form[CorrectionForm],
    status_code: int = 200,
) -> Response:
    return page(
        request,
        "ingest/contents.html",
        **_about(actor, db, found),
        form=form,
        segments=parsed.parsed(found),
        remarks=parsed.remarks(found),
        profile=profile_of(found.sender, found.facility) if found.channel == "hl7" else None,
        status_code=status_code,
    )


def _about(actor: Actor, db: Session, found: InboundMessage) -> dict[str, object]:
    copies = queries.corrections(db, found.id)
    return {
        "message": found,
        "corrections": copies,
        "channels": titles.CHANNELS,
        "states": titles.STATES,
        "colours": titles.COLOURS,
        "records": titles.RECORDS,
        "record_routes": {
            kind: route
            for kind, route in titles.ROUTES.items()
            if kind not in titles.NEEDED or actor.may(titles.NEEDED[kind])
        },
        "person_routes": titles.PERSON_ROUTES,
        "notes": titles.NOTES,
        "parts": titles.PARTS,
        "type_text": titles.type_text,
        "may_read": actor.may(Permission.INGEST_CONTENTS_READ),
        "may_correct": actor.may(Permission.INGEST_MESSAGE_CORRECT),
    }


def _done(request: Request, message_id: int, text: str) -> Response:
    return redirect(request, str(request.app.url_path_for("ingest:message", message_id=message_id)), text)
