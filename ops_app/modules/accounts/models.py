"""Tables of schema ``accounts``; none of them passes the gate."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.i18n import LANGUAGES
from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Generalisation, Subject, exported, quasi
from ops_app.permissions import Role

_TABLE = {"schema": "accounts", "info": exported(Subject.WITHHELD)}


class Account(Base):
    """A person who may sign in."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    login: Mapped[str] = mapped_column(info=DIRECT)
    password_hash: Mapped[str] = mapped_column(info=DIRECT)
    display_name: Mapped[str] = mapped_column(info=DIRECT)
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=DIRECT)
    language: Mapped[str] = mapped_column(server_default=text("'kk'"), info=PLAIN)
    must_change_password: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    last_sign_in_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("language", tuple(LANGUAGES)),
        CheckConstraint("login = lower(login) and login ~ '^[a-z0-9][a-z0-9._-]{1,63}$'", name="login_shape"),
        Index("uq_account_login", "login", unique=True),
        _TABLE,
    )


class RoleAssignment(Base):
    """A role of an account at an organisation node and everything below it."""

    __tablename__ = "role_assignment"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    role: Mapped[str] = mapped_column(info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """None means the whole installation."""
    assigned_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("role", tuple(Role)),
        Index(
            "uq_role_assignment",
            "account_id",
            "role",
            "organization_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        _TABLE,
    )


class SignInSession(Base):
    """A signed-in browser; the cookie holds the token, the table only its hash."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    expires_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    ip: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))
    user_agent: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (
        Index("uq_sign_in_session_token_hash", "token_hash", unique=True),
        Index("ix_sign_in_session_account", "account_id"),
        _TABLE,
    )


class SignInFailure(Base):
    """Failed sign-ins in a row under one login, existing or not, so that a lock tells a guesser nothing."""

    __tablename__ = "sign_in_failure"

    login: Mapped[str] = mapped_column(primary_key=True, info=DIRECT)
    failures: Mapped[int] = mapped_column(info=PLAIN)
    last_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    locked_until: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (_TABLE,)
