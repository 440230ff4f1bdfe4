"""Every SELECT of the provider."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.auth import token_hash
from ops_app.kit import clock
from ops_app.modules.accounts.conditions import closed_because
from ops_app.modules.accounts.models import Account, SignInSession
from ops_app.modules.accounts.queries import actor_of, session_is_live
from ops_app.modules.oidc.client import NARROWED
from ops_app.modules.oidc.models import OidcCode, OidcToken


def code_for_update(session: Session, code: str) -> OidcCode | None:
    """An authorization code, locked, so that two exchanges cannot both win."""
    return session.scalar(select(OidcCode).where(OidcCode.code_hash == token_hash(code)).with_for_update())


def actor_of_session(session: Session, session_id: int) -> Actor | None:
    """The actor signed in by this session, unless it has ended."""
    found = session.execute(
        select(SignInSession, Account)
        .join(Account, Account.id == SignInSession.account_id)
        .where(SignInSession.id == session_id)
    ).one_or_none()
    if found is None or not session_is_live(found.SignInSession, found.Account):
        return None
    if closed_because(session, found.Account.id, found.Account.kind, check_network=False) is not None:
        return None
    return actor_of(session, found.Account, session_id, found.SignInSession.place_id)


def actor_of_token(session: Session, access_token: str) -> Actor | None:
    """The actor behind an access token, unless token or session have ended."""
    token = session.get(OidcToken, token_hash(access_token))
    if token is None or token.revoked_at is not None or token.expires_at <= clock.now():
        return None
    actor = actor_of_session(session, token.session_id)
    kept = NARROWED.get(token.client_id)
    if actor is None or kept is None:
        return actor
    return replace(actor, grants=tuple(replace(grant, permissions=grant.held & kept) for grant in actor.grants))


def actor_of_sid(session: Session, sid: str) -> Actor | None:
    """The actor behind the ``sid`` claim of an ID token of ours."""
    return actor_of_session(session, int(sid)) if sid.isdigit() and len(sid) < 19 else None
