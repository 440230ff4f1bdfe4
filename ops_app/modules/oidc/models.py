"""Codes and tokens of the OpenID provider, beside the sessions they come from in schema ``accounts``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base
from ops_app.kit.privacy import DIRECT, PLAIN, Subject, exported

_TABLE = {"schema": "accounts", "info": exported(Subject.WITHHELD)}


class OidcCode(Base):
    """An authorization code given to the dashboards, good once and for a minute."""

    __tablename__ = "oidc_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=DIRECT)
    session_id: Mapped[int] = mapped_column(ForeignKey("accounts.sign_in_session.id", ondelete="CASCADE"), info=PLAIN)
    client_id: Mapped[str] = mapped_column(info=PLAIN)
    redirect_uri: Mapped[str] = mapped_column(info=PLAIN)
    scope: Mapped[str] = mapped_column(info=PLAIN)
    nonce: Mapped[str | None] = mapped_column(info=PLAIN)
    code_challenge: Mapped[str] = mapped_column(info=PLAIN)
    code_challenge_method: Mapped[str] = mapped_column(info=PLAIN)
    issued_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    expires_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    used_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (_TABLE,)


class OidcToken(Base):
    """An access token of the dashboards; it lives no longer than the sign-in it came from."""

    __tablename__ = "oidc_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, info=DIRECT)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    session_id: Mapped[int] = mapped_column(ForeignKey("accounts.sign_in_session.id", ondelete="CASCADE"), info=PLAIN)
    client_id: Mapped[str] = mapped_column(info=PLAIN)
    scope: Mapped[str] = mapped_column(info=PLAIN)
    expires_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (Index("ix_oidc_token_code_hash", "code_hash"), _TABLE)
