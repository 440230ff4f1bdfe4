"""Acts that need an EDS where a rule says so: what is about to be done is told, signed, and only then done.

A route asks ``demand`` first. It answers with nothing when the act may go on, else with the page on which the member
of staff reads the act and signs it; the page sends the same form once more, with the signature.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Forbidden
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.dates import show_moment
from ops_app.kit.form_fields import Posted
from ops_app.modules.organizations.models import Organization
from ops_app.modules.signatures import queries, service
from ops_app.modules.signatures.models import SignedAct
from ops_app.modules.signatures.titles import ACTIONS, STORES, reason_text
from ops_app.ui.render import local_name, page
from saulyq.settings import settings

ACT_LIFE = dt.timedelta(minutes=15)
OWN_FIELDS = ("csrf_token", "_act", "_cms")


def demand(
    request: Request, session: Session, actor: Actor, posted: Posted, action: str, organization_id: int, about: str
) -> Response | None:
    """Nothing when the act may go on; else the page on which it is signed. ``about`` names the act, not a person."""
    if not queries.is_mandatory(session, action, organization_id, default=False):
        return None
    if actor.practitioner_id is None:
        raise Forbidden(_("This is signed with an EDS, and your account belongs to no member of staff"))
    fields = _fields(posted)
    digest = _digest(request, fields)
    reason = ""
    if posted.get("_act"):
        act = session.scalar(select(SignedAct).where(SignedAct.id == _number(posted)).with_for_update())
        reason = _judged(session, actor, act, posted, action, digest)
        if reason == "valid":
            return None
    organization = session.get_one(Organization, organization_id)
    row = _ask(session, actor, action, organization, about, digest)
    return page(
        request,
        "signatures/act.html",
        act=row,
        told=row.content.decode().splitlines(),
        title=_(ACTIONS[action]),
        fields=fields,
        refused=reason_text(reason) if reason else "",
        content=base64.b64encode(row.content).decode(),
        ncalayer_url=settings().ncalayer_url,
        stores=STORES,
        status_code=422 if reason else 200,
    )


def _fields(posted: Posted) -> list[tuple[str, str]]:
    return [
        (name, str(value))
        for name, value in posted.data.multi_items()
        if name not in OWN_FIELDS and not isinstance(value, UploadFile)
    ]


def _digest(request: Request, fields: list[tuple[str, str]]) -> str:
    """What is signed: the address and everything the form says."""
    return hashlib.sha256(json.dumps([request.url.path, sorted(fields)], ensure_ascii=False).encode()).hexdigest()


def _number(posted: Posted) -> int:
    written = posted.get("_act") or ""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 18 else 0


def _ask(session: Session, actor: Actor, action: str, organization: Organization, about: str, digest: str) -> SignedAct:
    now = clock.now()
    lines = [
        f"Saulyq: {_(ACTIONS[action])}",
        about,
        local_name(organization),
        f"{actor.display_name} ({actor.login}), {show_moment(now)}",
        f"SHA-256 {digest}",
    ]
    row = SignedAct(
        action=action,
        account_id=actor.account_id,
        organization_id=organization.id,
        content="\n".join(lines).encode(),
        form_hash=digest,
        asked_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _judged(session: Session, actor: Actor, act: SignedAct | None, posted: Posted, action: str, digest: str) -> str:
    now = clock.now()
    usable = (
        act is not None
        and act.signed_at is None
        and act.account_id == actor.account_id
        and act.action == action
        and act.form_hash == digest
        and now - act.asked_at <= ACT_LIFE
    )
    if act is None or not usable:
        return "act_old"
    try:
        signature = base64.b64decode(posted.get("_cms") or "", validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    verdict = service.judge(signature, act.content)
    signer: Any = verdict.signers[0] if verdict.signers else None
    reason = verdict.reason
    if verdict.is_valid and len(verdict.signers) != 1:
        reason = "several_signers"
    elif verdict.is_valid:
        assert actor.practitioner_id is not None
        organization = session.get_one(Organization, act.organization_id)
        reason = service.powers(session, actor.practitioner_id, organization, signer)
    service.record_attempt(session, "action", reason, signer, account_id=actor.account_id, login=actor.login)
    if reason == "valid":
        act.cms, act.signed_at, act.certificate_serial = signature, now, signer.serial
        session.flush()
        after = {"action": action, "form_hash": digest, "certificate": signer.serial, "signed_at": now}
        audit.changed(session, actor, entity="signatures.signed_act", entity_id=act.id, after=after)
    return reason
