"""Entering with a certificate; refused attempts; where a signature is mandatory."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from ops_app.actor import Actor
from ops_app.auth import Anybody, set_cookie
from ops_app.db import Db
from ops_app.errors import OpsError
from ops_app.i18n import _
from ops_app.kit.form_fields import Form, Posted, PostedForm, blank
from ops_app.kit.htmx import see_other
from ops_app.kit.paging import Paging, fetch_page
from ops_app.mechanisms.document.declaration import declarations
from ops_app.modules.accounts.queries import organization_choices
from ops_app.modules.accounts.routes import YEAR, local_target
from ops_app.modules.signatures import queries, service
from ops_app.modules.signatures.forms import AttemptFilter, EnterForm, RuleForm
from ops_app.modules.signatures.models import SignatureAttempt
from ops_app.modules.signatures.permissions import AttemptReader, RuleManager
from ops_app.modules.signatures.titles import ACTIONS, PURPOSES, STORES, reason_text, subject_text
from ops_app.permissions import Permission
from ops_app.ui.render import page, redirect
from saulyq.settings import settings

router = APIRouter()


@router.get("/sign-in/certificate", name="signatures:enter")
def enter_page(request: Request, actor: Anybody, db: Db, next: str = "/") -> Response:
    """A page whose challenge the owner of a certificate signs."""
    if actor is not None:
        return see_other(request, local_target(next))
    return _enter_page(request, db, blank(), local_target(next))


def _enter_page(request: Request, db: Session, form: Form[EnterForm], target: str, status_code: int = 200) -> Response:
    challenge = service.make_challenge(db, str(request.state.visitor))
    return page(
        request,
        "signatures/enter.html",
        form=form,
        next=target,
        challenge_id=challenge.id,
        content=base64.b64encode(challenge.content).decode(),
        ncalayer_url=settings().ncalayer_url,
        stores=STORES,
        status_code=status_code,
    )


@router.post("/sign-in/certificate", name="signatures:enter_post")
def enter(request: Request, _actor: Anybody, db: Db, posted: PostedForm) -> Response:
    """Let the owner of a certificate in."""
    target = local_target(posted.get("next") or "/")
    form = posted.check(EnterForm)
    if form.value is None:
        return _enter_page(request, db, form, target, 422)
    signature = base64.b64decode(form.value.cms)
    found = service.enter(
        db, str(request.state.visitor), form.value.challenge, signature, request.headers.get("user-agent")
    )
    if isinstance(found, str):
        form.errors[""] = reason_text(found)
        return _enter_page(request, db, form, target, 401)
    account, token = found
    response = see_other(request, target)
    set_cookie(request, response, "session", token)
    set_cookie(request, response, "language", account.language, max_age=YEAR)
    return response


@router.get("/signatures/attempts", name="signatures:attempts")
def attempts(request: Request, actor: AttemptReader, db: Db, paging: Paging) -> Response:
    """Signatures that were refused."""
    form = Posted(request.query_params).check(AttemptFilter)
    scope = actor.scope(Permission.SIGNATURES_ATTEMPT_READ)
    found = fetch_page(
        db,
        queries.refused_attempts(scope, form.value.q if form.value else None),
        paging,
        sortable={"at": SignatureAttempt.id},
        default=[SignatureAttempt.id.desc()],
    )
    return page(request, "signatures/attempts.html", form=form, found=found, reason_text=reason_text, purposes=PURPOSES)


@router.get("/signatures/rules", name="signatures:rules")
def rules(request: Request, actor: RuleManager, db: Db) -> Response:
    """Kinds of documents and whether they must be signed."""
    return _rules_page(request, db, actor, blank())


def _rules_page(request: Request, db: Session, actor: Actor, form: Form[RuleForm], status_code: int = 200) -> Response:
    scope = actor.scope(Permission.SIGNATURES_RULE_MANAGE)
    return page(
        request,
        "signatures/rules.html",
        form=form,
        rules=queries.rules(db, scope),
        everywhere=scope.everywhere,
        organizations=organization_choices(db, scope),
        kinds=[(kind, subject_text(f"document:{kind}"), about.signature) for kind, about in declarations().items()]
        + [(action, subject_text(action), "optional") for action in ACTIONS],
        subject_text=subject_text,
        status_code=status_code,
    )


@router.post("/signatures/rules", name="signatures:set_rule")
def set_rule(request: Request, actor: RuleManager, db: Db, posted: PostedForm) -> Response:
    """Change whether a kind of document must be signed."""
    form = posted.check(RuleForm)
    if form.value is not None:
        asked = form.value
        try:
            service.set_rule(db, actor, asked.kind, asked.organization_id or None, asked.is_mandatory)
        except OpsError as refused:
            form.refuse(refused)
        else:
            return redirect(request, str(request.app.url_path_for("signatures:rules")), _("The rule is saved"))
    return _rules_page(request, db, actor, form, 422)
