"""Every write of the module: attempts, rules, challenges, entering with a certificate."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Forbidden, Invalid
from ops_app.i18n import _
from ops_app.kit import clock, request_context
from ops_app.mechanisms.document.declaration import declarations
from ops_app.mechanisms.signature.certificate import ENTER, SIGN
from ops_app.mechanisms.signature.verdict import Signer, Verdict
from ops_app.mechanisms.signature.verify import question, verify
from ops_app.modules.accounts import conditions
from ops_app.modules.accounts import service as accounts
from ops_app.modules.accounts.models import Account
from ops_app.modules.organizations.models import Organization, Practitioner
from ops_app.modules.signatures import queries
from ops_app.modules.signatures.models import Challenge, SignatureAttempt, SignatureRule
from ops_app.modules.signatures.titles import ACTIONS
from ops_app.permissions import Permission
from saulyq.settings import settings

CHALLENGE_LIFE = dt.timedelta(minutes=5)
CHALLENGE_KEPT = dt.timedelta(days=1)


def judge(signature: bytes, content: bytes, purpose: str = SIGN) -> Verdict:
    """Verify what just arrived: as of now, by our own clock."""
    return verify(signature, question(settings(), content=content, at=clock.now(), purpose=purpose))


def powers(session: Session, practitioner_id: int, organization: Organization, signer: Signer) -> str:
    """``valid`` if the owner of the certificate may sign for this member of staff there, else why not."""
    practitioner = session.get_one(Practitioner, practitioner_id)
    if practitioner.iin is None:
        return "iin_unknown"
    if signer.iin != practitioner.iin:
        return "iin_differs"
    if signer.bin and organization.bin and signer.bin != organization.bin:
        return "bin_differs"
    if not queries.holds_position(session, practitioner_id, organization.id):
        return "no_position"
    return "valid"


def record_attempt(
    session: Session,
    purpose: str,
    reason: str,
    signer: Signer | None,
    *,
    account_id: int | None = None,
    login: str | None = None,
    user_agent: str | None = None,
) -> None:
    """Keep that a signature was shown, by whom and with what outcome."""
    session.add(
        SignatureAttempt(
            purpose=purpose,
            account_id=account_id,
            login=login,
            certificate_serial=signer.serial if signer else None,
            subject_name=signer.name if signer else None,
            subject_iin=signer.iin if signer else None,
            subject_bin=signer.bin if signer else None,
            reason=reason,
            ip=request_context.current().ip,
            user_agent=(user_agent or "")[:200] or None,
        )
    )
    session.flush()


def set_rule(
    session: Session, actor: Actor, kind: str, organization_id: int | None, is_mandatory: bool
) -> SignatureRule:
    """Say whether a kind of document or an action must be signed in an organisation and below it."""
    if kind not in declarations() and kind not in ACTIONS:
        raise Invalid(_("Choose one of the listed values"), field="kind")
    scope = actor.scope(Permission.SIGNATURES_RULE_MANAGE)
    if not (scope.everywhere or (organization_id is not None and scope.allows(organization_id))):
        raise Forbidden(_("This organisation is not yours to administer"))
    subject = kind if kind in ACTIONS else f"document:{kind}"
    rule = queries.rule_of(session, subject, organization_id)
    before = {"is_mandatory": rule.is_mandatory} if rule else None
    if rule is None:
        rule = SignatureRule(subject=subject, organization_id=organization_id)
        session.add(rule)
    rule.is_mandatory, rule.set_by, rule.set_at = is_mandatory, actor.login, clock.now()
    session.flush()
    after: dict[str, object] = {"is_mandatory": is_mandatory}
    if before is None:
        after |= {"subject": subject, "organization_id": organization_id}
    audit.changed(session, actor, entity="signatures.signature_rule", entity_id=rule.id, before=before, after=after)
    return rule


def make_challenge(session: Session, visitor: str) -> Challenge:
    """A new random text for this browser to sign."""
    now = clock.now()
    # Strangers ask for these: what was not used, or used long ago, is no evidence of anything.
    session.execute(delete(Challenge).where(Challenge.created_at < now - CHALLENGE_KEPT))
    text = f"Saulyq {settings().page_url(settings().ops_port)} {now:%Y-%m-%dT%H:%M:%SZ} {secrets.token_urlsafe(32)}"
    row = Challenge(content=text.encode(), visitor_hash=_visitor_hash(visitor), created_at=now)
    session.add(row)
    session.flush()
    return row


def enter(
    session: Session, visitor: str, challenge_id: int, signature: bytes, user_agent: str | None
) -> tuple[Account, str] | str:
    """The account and a new session's token, or the reason why the certificate does not open the door."""
    challenge = queries.locked_challenge(session, challenge_id)
    now = clock.now()
    usable = (
        challenge is not None
        and challenge.used_at is None
        and secrets.compare_digest(challenge.visitor_hash, _visitor_hash(visitor))
        and now - challenge.created_at <= CHALLENGE_LIFE
    )
    if challenge is None or not usable:
        return _refuse(session, "challenge_old", None, None, user_agent)
    challenge.used_at = now
    verdict = judge(signature, challenge.content, ENTER)
    signer = verdict.signers[0] if verdict.signers else None
    if not verdict.is_valid or signer is None:
        return _refuse(session, verdict.reason, signer, None, user_agent)
    if len(verdict.signers) != 1:
        return _refuse(session, "several_signers", signer, None, user_agent)
    found = queries.accounts_of(session, signer.iin) if signer.iin else []
    if len(found) != 1:
        return _refuse(session, "several_accounts" if found else "no_account", signer, None, user_agent)
    account = found[0]
    # A key and its password are two factors already; bans, hours and networks hold as for a password.
    closed = conditions.closed_because(session, account.id, account.kind)
    if closed is not None:
        return _refuse(session, closed, signer, account, user_agent)
    account.last_sign_in_at = now
    token = accounts.open_sign_in_session(session, account, user_agent)
    record_attempt(
        session, "sign_in", "valid", signer, account_id=account.id, login=account.login, user_agent=user_agent
    )
    audit.security(
        session,
        account.login,
        "signatures:entered",
        account_id=account.id,
        method="certificate",
        certificate=signer.serial,
        iin=signer.iin,
    )
    return account, token


def _refuse(
    session: Session, reason: str, signer: Signer | None, account: Account | None, user_agent: str | None
) -> str:
    if account is None and signer is not None and signer.iin:
        # Also a refused certificate names whose door was tried.
        account = next(iter(queries.accounts_of(session, signer.iin)), None)
    login = account.login if account else None
    account_id = account.id if account else None
    record_attempt(session, "sign_in", reason, signer, account_id=account_id, login=login, user_agent=user_agent)
    audit.security(
        session,
        login or "unknown",
        "signatures:enter_refused",
        account_id=account_id,
        method="certificate",
        reason=reason,
        certificate=signer.serial if signer else None,
    )
    return reason


def _visitor_hash(visitor: str) -> bytes:
    return hashlib.sha256(visitor.encode()).digest()
