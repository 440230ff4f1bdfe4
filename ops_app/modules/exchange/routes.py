"""Screens of the exchange, and the way in for other systems."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from ops_app.actor import Actor
from ops_app.auth import Machine
from ops_app.db import Db
from ops_app.errors import Forbidden, NotFound, OpsError
from ops_app.i18n import N_, _
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.closed_topics.veil import tells_closed
from ops_app.mechanisms.outbox.adapter import adapter_of
from ops_app.mechanisms.outbox.declaration import systems
from ops_app.mechanisms.outbox.models import Message, Reconciliation
from ops_app.mechanisms.undo import Undo
from ops_app.modules.exchange import queries, service
from ops_app.modules.exchange.forms import CorrectionForm, JournalFilter, ReasonForm, ReceiptIn
from ops_app.modules.exchange.permissions import ContentsReader, JournalReader, Resender, SystemKeeper
from ops_app.patient_access import open_patient
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect

router = APIRouter()

STATES = {
    "queued": N_("Waiting to be sent"),
    "delivered": N_("Delivered"),
    "dead": N_("Needs a decision"),
    "withdrawn": N_("Withdrawn"),
}
RESULTS = {
    "delivered": N_("delivered"),
    "known": N_("had already arrived"),
    "retry": N_("will be repeated"),
    "refused": N_("refused by the receiver"),
    "not_ready": N_("the system is not ready"),
}
SIDES = {"ours": N_("our side"), "theirs": N_("the other side"), "network": N_("network")}
OUTCOMES = {"accepted": N_("accepted"), "refused": N_("refused by the receiver")}
ACTIONS = {"resent": N_("sent again"), "corrected": N_("corrected and sent again"), "withdrawn": N_("withdrawn")}
DIFFERENCES = {
    "missing_there": N_("delivered by us, the other side does not have it"),
    "unknown_here": N_("the other side has it, we did not deliver it"),
    "other_content": N_("the contents differ"),
}


@router.get("/exchange", name="exchange:journal")
def journal(request: Request, actor: JournalReader, db: Db, paging: Paging) -> Response:
    form = Posted(request.query_params).check(JournalFilter)
    scope = actor.scope(Permission.EXCHANGE_JOURNAL_READ)
    found = fetch_page(
        db,
        queries.messages(scope, form.value or JournalFilter()),
        paging,
        sortable={"created": Message.id, "state": Message.state, "attempts": Message.attempts},
        default=[Message.id.desc()],
        count=False,
    )
    return page(
        request,
        "exchange/journal.html",
        form=form,
        found=found,
        systems=systems(),
        kind_text=partial(_kind_text, request),
        states=STATES,
        sides=SIDES,
        status_code=422 if form.errors else 200,
    )


@router.get("/exchange/systems", name="exchange:systems")
def all_systems(request: Request, actor: JournalReader, db: Db) -> Response:
    return page(
        request,
        "exchange/systems.html",
        systems=systems(),
        configured={name: adapter_of(system).configured() for name, system in systems().items()},
        known=queries.states(db),
        counts=queries.counts(db, actor.scope(Permission.EXCHANGE_JOURNAL_READ)),
        last=queries.last_deliveries(db),
        may_switch=actor.scope(Permission.EXCHANGE_SYSTEM_MANAGE).everywhere,
    )


@router.post("/exchange/systems/{system}/on", name="exchange:switch_on")
def switch_on(request: Request, system: str, actor: SystemKeeper, db: Db) -> Response:
    changed = service.switch(db, actor, system, True)
    told = _("Switched on; within a minute what waits will go")
    undo = Undo("exchange:switch_off", {"system": system}) if changed else None
    return redirect(request, _url(request, "exchange:systems"), told, undo=undo)


@router.post("/exchange/systems/{system}/off", name="exchange:switch_off")
def switch_off(request: Request, system: str, actor: SystemKeeper, db: Db) -> Response:
    changed = service.switch(db, actor, system, False)
    undo = Undo("exchange:switch_on", {"system": system}) if changed else None
    return redirect(request, _url(request, "exchange:systems"), _("Switched off; messages wait"), undo=undo)


@router.get("/exchange/reconciliations", name="exchange:reconciliations")
def reconciliations(request: Request, actor: JournalReader, db: Db, paging: Paging) -> Response:
    found = fetch_page(
        db, queries.reconciliations(), paging, sortable={}, default=[Reconciliation.id.desc()], count=False
    )
    return page(request, "exchange/reconciliations.html", found=found, systems=systems())


@router.get("/exchange/reconciliations/{reconciliation_id}", name="exchange:reconciliation")
def reconciliation(request: Request, reconciliation_id: int, actor: JournalReader, db: Db) -> Response:
    made = db.get(Reconciliation, reconciliation_id)
    if made is None:
        raise NotFound()
    return page(
        request,
        "exchange/reconciliation.html",
        made=made,
        differences=queries.differences(db, made.id),
        kinds=DIFFERENCES,
        system=systems().get(made.system),
    )


@router.get("/exchange/messages/{message_id}", name="exchange:message")
def message(request: Request, message_id: int, actor: JournalReader, db: Db) -> Response:
    return _message_page(request, actor, db, _found(db, actor, message_id), blank())


@router.get("/exchange/messages/{message_id}/contents", name="exchange:contents")
def contents(request: Request, message_id: int, actor: ContentsReader, db: Db) -> Response:
    found = _opened(db, actor, message_id)
    written = json.dumps(found.body, ensure_ascii=False, indent=2)
    return _contents_page(request, actor, db, found, blank({"body": written}))


@router.post("/exchange/messages/{message_id}/correct", name="exchange:correct")
def correct(request: Request, message_id: int, actor: Resender, db: Db, posted: PostedForm) -> Response:
    found = _opened(db, actor, message_id)
    form = posted.check(CorrectionForm)
    if form.value is not None:
        try:
            service.correct(db, actor, found, form.value)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return _done(request, message_id, _("Corrected; the message is on its way"))
    return _contents_page(request, actor, db, found, form, status_code=422)


@router.post("/exchange/messages/{message_id}/resend", name="exchange:resend")
def resend(request: Request, message_id: int, actor: Resender, db: Db, posted: PostedForm) -> Response:
    found = _found(db, actor, message_id)
    form = posted.check(ReasonForm)
    if form.value is not None:
        service.send_again(db, actor, found, form.value.reason)
        return _done(request, message_id, _("The message is on its way"))
    return _message_page(request, actor, db, found, form, status_code=422)


@router.post("/exchange/messages/{message_id}/withdraw", name="exchange:withdraw")
def withdraw(request: Request, message_id: int, actor: Resender, db: Db, posted: PostedForm) -> Response:
    found = _found(db, actor, message_id)
    form = posted.check(ReasonForm)
    if form.value is not None:
        service.withdraw(db, actor, found, form.value.reason)
        return _done(request, message_id, _("Withdrawn; what waited behind it goes on"))
    return _message_page(request, actor, db, found, form, status_code=422)


def shows_token(request: Request, system: str) -> None:
    """A program shows the token of its system before anything it sent is looked at."""
    service.check_credentials(system, request.headers.get("authorization"))


ShowsToken = Annotated[None, Depends(shows_token)]


@router.post("/exchange/{system}/receipts", name="exchange:receive")
def receive(
    request: Request, system: str, _program: Machine, _token: ShowsToken, db: Db, receipt: ReceiptIn
) -> Response:
    is_new = service.take_receipt(db, system, receipt)
    return JSONResponse({"key": receipt.key, "known": not is_new})


def _found(db: Session, actor: Actor, message_id: int) -> Message:
    found = queries.message(db, actor.scope(Permission.EXCHANGE_JOURNAL_READ), message_id)
    if found is None:
        raise NotFound(_("There is no such message"))
    return found


def _opened(db: Session, actor: Actor, message_id: int) -> Message:
    """The message with its contents: the person in it is opened like any other, by rule and with an audit row."""
    found = _found(db, actor, message_id)
    if found.patient_id is not None:
        open_patient(db, actor, found.patient_id, Permission.EXCHANGE_CONTENTS_READ)
    if tells_closed(db, found.patient_id, json.dumps(found.body)):
        raise Forbidden(
            _("This message tells of a closed topic"),
            advice=_("Open the closed topics on the card of the person with a stated reason, then this message."),
        )
    return found


def _message_page(
    request: Request, actor: Actor, db: Session, found: Message, form: Form[ReasonForm], status_code: int = 200
) -> Response:
    return page(
        request,
        "exchange/message.html",
        **_about(request, actor, db, found),
        form=form,
        waits_behind=queries.waits_behind(db, found),
        status_code=status_code,
    )


def _contents_page(
    request: Request, actor: Actor, db: Session, found: Message, form: Form[CorrectionForm], status_code: int = 200
) -> Response:
    return page(
        request, "exchange/contents.html", **_about(request, actor, db, found), form=form, status_code=status_code
    )


def _about(request: Request, actor: Actor, db: Session, found: Message) -> dict[str, object]:
    return {
        "message": found,
        "kind": _kind_text(request, found.kind),
        "system": systems().get(found.system),
        "attempts": queries.attempts(db, found.id),
        "corrections": queries.corrections(db, found.id),
        "states": STATES,
        "results": RESULTS,
        "sides": SIDES,
        "outcomes": OUTCOMES,
        "done": ACTIONS,
        "may_read": actor.may(Permission.EXCHANGE_CONTENTS_READ),
        "may_resend": actor.may(Permission.EXCHANGE_MESSAGE_RESEND),
    }


def _kind_text(request: Request, kind: str) -> str:
    """What the module that writes messages of a kind calls them; a kind of a program added here keeps its code."""
    titles = (module.messages.get(kind) for module in request.app.state.modules)
    return next((_(title) for title in titles if title), kind)


def _done(request: Request, message_id: int, text: str) -> Response:
    return redirect(request, str(request.app.url_path_for("exchange:message", message_id=message_id)), text)


def _url(request: Request, name: str) -> str:
    return str(request.app.url_path_for(name))
