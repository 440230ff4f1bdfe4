"""Every write of the provider."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.auth import token_hash
from ops_app.kit import clock
from ops_app.modules.oidc.models import OidcCode, OidcToken
from ops_app.modules.oidc.queries import code_for_update

CODE_LIFE = dt.timedelta(minutes=1)
KEEP_USED_CODES = dt.timedelta(days=1)


def keep_code(
    session: Session,
    code: str,
    *,
    session_id: int,
    client_id: str,
    redirect_uri: str,
    scope: str,
    nonce: str | None,
    code_challenge: str,
) -> None:
    """Store a new authorization code, and forget old ones."""
    now = clock.now()
    session.execute(delete(OidcCode).where(OidcCode.expires_at < now - KEEP_USED_CODES))
    session.execute(delete(OidcToken).where(OidcToken.expires_at < now - KEEP_USED_CODES))
    session.add(
        OidcCode(
            code_hash=token_hash(code),
            session_id=session_id,
            client_id=client_id,
            redirect_uri=redirect_uri,
            scope=scope,
            nonce=nonce,
            code_challenge=code_challenge,
            code_challenge_method="S256",
            issued_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    session.flush()


def take_code(session: Session, code: str, client_id: str) -> OidcCode | None:
    """Use a code up; a second use ends every token the first one gave (RFC 6749 section 4.1.2)."""
    row = code_for_update(session, code)
    if row is None or row.client_id != client_id:
        return None
    now = clock.now()
    if row.used_at is not None:
        session.execute(
            update(OidcToken)
            .where(OidcToken.code_hash == row.code_hash, OidcToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        audit.security(session, client_id, "oidc:code_used_twice", session_id=row.session_id)
        return None
    if row.expires_at <= now:
        return None
    # Used up even if the exchange fails further on: a wrong verifier gets no second guess.
    row.used_at = now
    session.flush()
    return row


def keep_token(session: Session, access_token: str, code: OidcCode, expires_at: dt.datetime) -> None:
    """Store an access token beside the code it came from."""
    session.add(
        OidcToken(
            token_hash=token_hash(access_token),
            code_hash=code.code_hash,
            session_id=code.session_id,
            client_id=code.client_id,
            scope=code.scope,
            expires_at=expires_at,
        )
    )
    session.flush()
