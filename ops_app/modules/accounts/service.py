"""Every write of the accounts module."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.auth import token_hash
from ops_app.errors import Conflict, Forbidden, Invalid, NotFound
from ops_app.i18n import LANGUAGES, _
from ops_app.kit import clock, request_context
from ops_app.kit.dates import show_time
from ops_app.mechanisms.undo import State, bring_back
from ops_app.modules.accounts import conditions, passwords, queries
from ops_app.modules.accounts.models import Account, RoleAssignment, SignInFailure, SignInSession, StoredRole

CODE_TIME = dt.timedelta(minutes=5)
SESSION_LIFE = dt.timedelta(hours=12)
SECRECY_NOTICE = "2026-11"
"""Version of the notice about medical secrecy that stands on the page of the first password."""
FAILURES_ALLOWED = 5
LOCK_TIME = dt.timedelta(minutes=15)
FORGET_FAILURES_AFTER = dt.timedelta(hours=24)

LOGIN_SHAPE = re.compile(r"^[a-z0-9][a-z0-9._-]{1,63}$")

Place = tuple[str, int | None]
"""A role and the organisation node it holds at; no node means the whole installation."""


def create_account(
    session: Session,
    login: str,
    display_name: str,
    places: Iterable[Place] = (),
    *,
    by: Actor | None = None,
    practitioner_id: int | None = None,
    language: str = "kk",
    password: str | None = None,
    kind: str = "person",
    level: str = "subordinate",
    request: Mapping[str, object] | None = None,
) -> tuple[Account, str]:
    """Create an account; return it with its random first password, which must be changed at once.

    A given ``password`` (demo, tests) is kept as it is and need not be changed.
    """
    login = login.strip().lower()
    if not LOGIN_SHAPE.match(login):
        raise Invalid(_("A login has 2 to 64 small Latin letters, digits, dots or dashes"), field="login")
    if queries.account_by_login(session, login):
        raise Conflict(_("The login “%(login)s” is taken", login=login), field="login")
    first = password or passwords.random_password()
    account = Account(
        login=login,
        display_name=display_name.strip(),
        password_hash=passwords.hash_password(first),
        practitioner_id=practitioner_id,
        language=language if language in LANGUAGES else "kk",
        must_change_password=password is None,
        kind=kind,
    )
    session.add(account)
    session.flush()
    audit.changed(
        session,
        by,
        entity="accounts.account",
        entity_id=account.id,
        after={"login": login, "display_name": account.display_name, "practitioner_id": practitioner_id, "kind": kind}
        | dict(request or {}),
    )
    for role, organization_id in places:
        give_role(session, account, role, organization_id, level=level, by=by, request=request)
    return account, first


def give_role(
    session: Session,
    account: Account,
    role: str,
    organization_id: int | None,
    *,
    level: str = "subordinate",
    by: Actor | None = None,
    request: Mapping[str, object] | None = None,
) -> RoleAssignment:
    """Give a role at a node, with the facility's official request if there was one; twice is refused."""
    if session.get(StoredRole, role) is None:
        raise Invalid(_("There is no such role"), field="role")
    if organization_id is None and level != "subordinate":
        raise Invalid(_("The whole installation has no narrower level"), field="level")
    for row in queries.assignments(session, [account.id])[account.id]:
        if row.RoleAssignment.role == role and row.RoleAssignment.organization_id == organization_id:
            raise Conflict(_("The account has this role there already"), field="role")
    assignment = RoleAssignment(account_id=account.id, role=role, organization_id=organization_id, level=level)
    session.add(assignment)
    session.flush()
    _log_given(session, account, assignment, by, request)
    return assignment


def restore_role(session: Session, account: Account, state: State, *, by: Actor) -> RoleAssignment:
    """Give a role back that was just taken away."""
    assignment = bring_back(session, RoleAssignment, state)
    _log_given(session, account, assignment, by)
    return assignment


def _log_given(
    session: Session,
    account: Account,
    assignment: RoleAssignment,
    by: Actor | None,
    request: Mapping[str, object] | None = None,
) -> None:
    told = {
        "login": account.login,
        "role": assignment.role,
        "organization_id": assignment.organization_id,
        "level": assignment.level,
    }
    audit.changed(
        session,
        by,
        entity="accounts.role_assignment",
        entity_id=assignment.id,
        after=told | dict(request or {}),
    )


def take_role(session: Session, assignment: RoleAssignment, account: Account, *, by: Actor) -> None:
    """Take a role away; it ends with the next request of its holder."""
    audit.changed(
        session,
        by,
        entity="accounts.role_assignment",
        entity_id=assignment.id,
        before={"login": account.login, "role": assignment.role, "organization_id": assignment.organization_id},
        after={"login": account.login, "role": None, "organization_id": None},
    )
    session.delete(assignment)
    session.flush()


def reset_password(session: Session, account: Account, *, by: Actor | None = None, password: str | None = None) -> str:
    """Set a random one-time password and end all sessions of the account."""
    first = password or passwords.random_password()
    account.password_hash = passwords.hash_password(first)
    account.must_change_password = password is None
    session.execute(delete(SignInFailure).where(SignInFailure.login == account.login))
    revoke_sessions(session, account)
    audit.changed(
        session,
        by,
        entity="accounts.account",
        entity_id=account.id,
        after={"password": "reset", "login": account.login},
    )
    return first


def disable_account(session: Session, account: Account, *, by: Actor | None = None) -> None:
    """Forbid the account to sign in and end its sessions."""
    if by is not None and by.account_id == account.id:
        raise Conflict(_("You cannot disable your own account"))
    _set_active(session, account, False, by)
    revoke_sessions(session, account)


def enable_account(session: Session, account: Account, *, by: Actor | None = None) -> None:
    """Let a disabled account sign in again."""
    _set_active(session, account, True, by)


def _set_active(session: Session, account: Account, is_active: bool, by: Actor | None) -> None:
    before = {"is_active": account.is_active}
    account.is_active = is_active
    session.flush()
    audit.changed(
        session,
        by,
        entity="accounts.account",
        entity_id=account.id,
        before=before,
        after={"is_active": is_active},
    )


class SignedIn(NamedTuple):
    """Whose password fitted, the token of the new session, and whether a code must follow."""

    account: Account
    token: str
    awaits_code: bool


def sign_in(session: Session, login: str, password: str, user_agent: str | None) -> SignedIn | None:
    """Check a login; return the new session, or None with the failure counted.

    A lock counts for a login that does not exist too, so that a guesser learns nothing.
    """
    login = login.strip().lower()[:64]
    now = clock.now()
    failed = queries.failures_of(session, login)
    refuse_locked(session, login, failed, now, "password")
    account = queries.account_by_login(session, login)
    fits = passwords.verify(account.password_hash if account else None, password)
    if account is None or not fits or not account.is_active:
        reason = "unknown" if account is None else "password" if not fits else "disabled"
        count_failure(session, login, failed, now, account_id=account.id if account else None, reason=reason)
        return None
    # Only who knows the password learns why the account is closed.
    closed = conditions.closed_because(session, account.id, account.kind)
    if closed is not None:
        audit.security(
            session, login, "accounts:sign_in_failed", account_id=account.id, method="password", reason=closed
        )
        raise Forbidden(_(conditions.CLOSED[closed]), advice=_("Ask the administrator of your organisation."))
    if passwords.outdated(account.password_hash):
        account.password_hash = passwords.hash_password(password)
    if queries.has_second_factor(session, account.id):
        # Failures are forgotten when the code fits: a known password must not open endless guessing of codes.
        return SignedIn(account, open_sign_in_session(session, account, user_agent, awaits_code=True), True)
    token = open_sign_in_session(session, account, user_agent)
    welcome(session, account, failed, "password")
    return SignedIn(account, token, False)


def refuse_locked(session: Session, login: str, failed: SignInFailure | None, now: dt.datetime, method: str) -> None:
    """Refuse a login that is locked after repeated failures."""
    if failed and failed.locked_until and failed.locked_until > now:
        audit.security(session, login, "accounts:sign_in_locked", method=method)
        raise Forbidden(
            _(
                "Too many failed attempts; sign-in under this login is closed until %(time)s",
                time=show_time(failed.locked_until),
            ),
            advice=_("Wait, or ask your administrator for a new password."),
        )


def welcome(session: Session, account: Account, failed: SignInFailure | None, method: str) -> None:
    """Note a complete sign-in and forget the failures before it."""
    if failed:
        session.delete(failed)
    account.last_sign_in_at = clock.now()
    audit.security(session, account.login, "accounts:signed_in", account_id=account.id, method=method)
    session.flush()


def count_failure(
    session: Session,
    login: str,
    failed: SignInFailure | None,
    now: dt.datetime,
    *,
    reason: str,
    account_id: int | None = None,
    method: str = "password",
) -> None:
    if failed is None:
        failed = SignInFailure(login=login, failures=0, last_at=now)
        session.add(failed)
    if now - failed.last_at > FORGET_FAILURES_AFTER or (failed.locked_until and failed.locked_until <= now):
        failed.failures, failed.locked_until = 0, None
    failed.failures += 1
    failed.last_at = now
    if failed.failures >= FAILURES_ALLOWED:
        failed.locked_until = now + LOCK_TIME
    audit.security(
        session,
        login,
        "accounts:sign_in_failed",
        account_id=account_id,
        method=method,
        reason=reason,
        failures=failed.failures,
    )
    session.flush()


def open_sign_in_session(
    session: Session, account: Account, user_agent: str | None, *, awaits_code: bool = False
) -> str:
    """Start a session of an account; the token is returned once and never stored."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        SignInSession(
            account_id=account.id,
            token_hash=token_hash(token),
            created_at=now,
            last_seen_at=now,
            expires_at=now + (CODE_TIME if awaits_code else SESSION_LIFE),
            awaits_code=awaits_code,
            ip=request_context.current().ip,
            user_agent=(user_agent or "")[:200] or None,
        )
    )
    session.flush()
    return token


def change_password(session: Session, actor: Actor, old: str, new: str, again: str) -> None:
    """Change the actor's own password; other sessions of the account end."""
    account = session.get_one(Account, actor.account_id)
    check_present_password(session, account, old, "old_password")
    if new == old:
        raise Invalid(_("The new password must differ from the present one"), field="new_password")
    passwords.refuse_weak(new, account.login)
    if new != again:
        raise Invalid(_("The two new passwords differ"), field="new_password_again")
    if account.must_change_password:
        # The page of the first password shows the notice, and choosing one is the answer to it.
        audit.security(session, account.login, "accounts:secrecy_told", account_id=account.id, notice=SECRECY_NOTICE)
    account.password_hash = passwords.hash_password(new)
    account.must_change_password = False
    revoke_sessions(session, account, but=actor.session_id)
    audit.security(session, account.login, "accounts:password_changed", account_id=account.id)


def check_present_password(session: Session, account: Account, password: str, field: str) -> None:
    """Refuse a wrong present password; it counts like a failed sign-in, or a forgotten session could guess for ever."""
    now = clock.now()
    failed = queries.failures_of(session, account.login)
    refuse_locked(session, account.login, failed, now, "present_password")
    if not passwords.verify(account.password_hash, password):
        count_failure(
            session,
            account.login,
            failed,
            now,
            reason="password",
            account_id=account.id,
            method="present_password",
        )
        raise Invalid(_("The present password is not right"), field=field)


def revoke_session(session: Session, actor: Actor, session_id: int) -> SignInSession:
    """End one session of the actor's own account."""
    row = session.get(SignInSession, session_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFound(_("There is no such session"))
    row.revoked_at = row.revoked_at or clock.now()
    audit.security(session, actor.login, "accounts:session_ended", account_id=actor.account_id, session_id=session_id)
    session.flush()
    return row


def revoke_sessions(session: Session, account: Account, but: int | None = None) -> None:
    """End all sessions of an account, except one if named."""
    ended = update(SignInSession).where(SignInSession.account_id == account.id, SignInSession.revoked_at.is_(None))
    if but is not None:
        ended = ended.where(SignInSession.id != but)
    session.execute(ended.values(revoked_at=clock.now()))


def choose_place(session: Session, actor: Actor, place_id: int | None) -> None:
    """Work at one node of the own roles in this browser, or at all of them."""
    own = {node.id for node, _depth in queries.own_places(session, actor.account_id)}
    if place_id is not None and place_id not in own:
        raise NotFound(_("This place is not among yours"))
    session.get_one(SignInSession, actor.session_id).place_id = place_id
    audit.security(session, actor.login, "accounts:place_chosen", account_id=actor.account_id, place_id=place_id)


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """Keep the language the actor chose."""
    session.get_one(Account, actor.account_id).language = language
