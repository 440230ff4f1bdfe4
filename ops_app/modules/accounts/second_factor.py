"""The second factor: codes of a generator (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import secrets

import pyotp
import segno
from cryptography.fernet import Fernet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import token_hash
from ops_app.errors import Conflict, Invalid, NotSignedIn
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.accounts import conditions, queries, service
from ops_app.modules.accounts.models import Account, RecoveryCode, SecondFactor, SignInSession
from saulyq.secrets import secret
from saulyq.settings import settings

ISSUER = "Saulyq"
STEP_SECONDS = 30
RECOVERY_CODES = 8


def begin(session: Session, actor: Actor) -> str:
    """Make a new secret that counts as soon as a code of it was shown; give it for the generator."""
    if queries.has_second_factor(session, actor.account_id):
        raise Conflict(_("You have a second factor already"))
    made = pyotp.random_base32()
    row = session.get(SecondFactor, actor.account_id)
    if row is None:
        row = SecondFactor(account_id=actor.account_id, last_step=0)
        session.add(row)
    row.secret = _cipher().encrypt(made.encode()).decode()
    session.flush()
    return made


def begun(session: Session, account_id: int) -> str | None:
    """The secret that waits for its first code."""
    row = session.get(SecondFactor, account_id)
    return _opened(row) if row is not None and row.confirmed_at is None else None


def picture(login: str, made: str) -> str:
    """The QR code a generator scans, as an address of its own content."""
    address = pyotp.TOTP(made).provisioning_uri(name=login, issuer_name=ISSUER)
    return segno.make(address, error="m").svg_data_uri(scale=4, light="#ffffff")


def confirm(session: Session, actor: Actor, code: str) -> list[str]:
    """Let the second factor count from now on; give the recovery codes, which are stored nowhere."""
    row = session.get(SecondFactor, actor.account_id)
    if row is None or row.confirmed_at is not None:
        raise Conflict(_("Begin anew"))
    if not _fits(row, code):
        raise Invalid(_("The code does not fit. Check the clock of your phone and take the next code"), field="code")
    row.confirmed_at = clock.now()
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == actor.account_id))
    made = [f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}" for _i in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(account_id=actor.account_id, code_hash=token_hash(value)) for value in made)
    audit.security(session, actor.login, "accounts:second_factor_added", account_id=actor.account_id)
    session.flush()
    return made


def remove(session: Session, actor: Actor, password: str) -> None:
    """Take the own second factor away; the password is asked once more."""
    account = session.get_one(Account, actor.account_id)
    service.check_present_password(session, account, password, "password")
    forget(session, account, actor)


def forget(session: Session, account: Account, by: Actor) -> None:
    """Take a second factor away, also that of somebody who lost his phone."""
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    audit.security(session, by.login, "accounts:second_factor_removed", account_id=by.account_id, of=account.login)


def awaiting(session: Session, token: str) -> tuple[SignInSession, Account]:
    """The session whose password fitted and whose code is still to come."""
    found = session.execute(
        select(SignInSession, Account)
        .join(Account, Account.id == SignInSession.account_id)
        .where(
            SignInSession.token_hash == token_hash(token),
            SignInSession.awaits_code,
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > clock.now(),
            Account.is_active,
        )
    ).one_or_none()
    if found is None:
        raise NotSignedIn(_("The time for the code is over"), advice=_("Sign in again with your password."))
    return found.SignInSession, found.Account


def finish_sign_in(session: Session, token: str, code: str, user_agent: str | None) -> tuple[Account, str] | None:
    """Check the code; give the account and the token of the full session, or None with the failure counted."""
    waiting, account = awaiting(session, token)
    now = clock.now()
    failed = queries.failures_of(session, account.login)
    service.refuse_locked(session, account.login, failed, now, "totp")
    closed = conditions.closed_because(session, account.id, account.kind)
    row = session.get(SecondFactor, account.id, with_for_update=True)
    method = None
    if row is not None and _fits(row, code):
        method = "totp"
    elif _recovered(session, account, code):
        method = "recovery_code"
    if method is None or closed is not None:
        reason = closed or "code"
        service.count_failure(session, account.login, failed, now, reason=reason, account_id=account.id, method="totp")
        return None
    waiting.revoked_at = now
    full = service.open_sign_in_session(session, account, user_agent)
    service.welcome(session, account, failed, method)
    return account, full


def codes_left(session: Session, account_id: int) -> int:
    """How many recovery codes were not used."""
    unused = select(RecoveryCode.id).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return len(session.scalars(unused).all())


def _fits(row: SecondFactor, code: str) -> bool:
    # One step of tolerance for a clock that is not exact; a step that was used never fits again.
    totp, written = pyotp.TOTP(_opened(row)), code.replace(" ", "")
    now = int(clock.now().timestamp()) // STEP_SECONDS
    for step in (now - 1, now, now + 1):
        if step > row.last_step and secrets.compare_digest(totp.at(step * STEP_SECONDS).encode(), written.encode()):
            row.last_step = step
            return True
    return False


def _recovered(session: Session, account: Account, code: str) -> bool:
    row = session.scalars(
        select(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == token_hash(code.strip().lower()),
            RecoveryCode.used_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        return False
    row.used_at = clock.now()
    return True


def _opened(row: SecondFactor) -> str:
    return _cipher().decrypt(row.secret.encode()).decode()


def _cipher() -> Fernet:
    key = secret(settings().secrets_dir, "second_factor_key")
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))
