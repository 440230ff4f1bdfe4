"""Tables of schema ``accounts``; none of them passes the gate."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.i18n import LANGUAGES
from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, FREE_TEXT, PLAIN, Generalisation, Subject, exported, quasi
from ops_app.modules.organizations.models import POSITIONS

ACCOUNT_KINDS = ("person", "service")
CHANGE_KINDS = (
    "create",
    "give_role",
    "take_role",
    "disable",
    "enable",
    "join_group",
    "leave_group",
    "give_group_role",
    "take_group_role",
)
CHANGE_STATES = ("pending", "signed", "refused")
LEVELS = ("node", "organization", "subordinate", "region")
"""How far a role reaches from its node: the node alone, its organisation, all below it, the region around it."""

_TABLE = {"schema": "accounts", "info": exported(Subject.WITHHELD)}


class Account(Base):
    """A person who may sign in."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    login: Mapped[str] = mapped_column(info=DIRECT)
    password_hash: Mapped[str] = mapped_column(info=DIRECT)
    display_name: Mapped[str] = mapped_column(info=DIRECT)
    kind: Mapped[str] = mapped_column(server_default=text("'person'"), info=PLAIN)
    """A service account belongs to support staff and works only while an organisation permits it."""
    practitioner_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.practitioner.id"), info=DIRECT)
    language: Mapped[str] = mapped_column(server_default=text("'kk'"), info=PLAIN)
    must_change_password: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), info=PLAIN)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    last_sign_in_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("language", tuple(LANGUAGES)),
        one_of("kind", ACCOUNT_KINDS),
        CheckConstraint("login = lower(login) and login ~ '^[a-z0-9][a-z0-9._-]{1,63}$'", name="login_shape"),
        Index("uq_account_login", "login", unique=True),
        _TABLE,
    )


class StoredRole(Base):
    """A named set of permissions; the built-in ones are written by every upgrade."""

    __tablename__ = "role"

    code: Mapped[str] = mapped_column(primary_key=True, info=PLAIN)
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    name_en: Mapped[str] = mapped_column(info=PLAIN)
    is_builtin: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    needs_second_factor: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text), info=PLAIN)

    __table_args__ = (CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,40}$'", name="code_shape"), _TABLE)


class AccessGroup(Base):
    """A named set of users or positions of a place, which carries roles."""

    __tablename__ = "access_group"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """Whose group it is: it gives nothing outside this node and what lies below. None means the whole installation."""
    name_kk: Mapped[str] = mapped_column(info=PLAIN)
    name_ru: Mapped[str] = mapped_column(info=PLAIN)
    name_en: Mapped[str] = mapped_column(info=PLAIN)

    __table_args__ = (_TABLE,)


class GroupMember(Base):
    """A user of a group, or a position: then whoever holds it today at the group's place or below."""

    __tablename__ = "group_member"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    group_id: Mapped[int] = mapped_column(ForeignKey("accounts.access_group.id"), info=PLAIN)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    position: Mapped[str | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        one_of("position", POSITIONS),
        CheckConstraint("(account_id is null) <> (position is null)", name="user_or_position"),
        Index("uq_group_member", "group_id", "account_id", "position", unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_group_member_account", "account_id"),
        _TABLE,
    )


class RoleAssignment(Base):
    """A role of an account or a group at an organisation node, and how far it reaches from there.

    Who holds what in the end, with groups, places of work and levels worked out, is the view ``accounts.held_role``
    (``held_role.py``); every decision about access reads that and not this table.
    """

    __tablename__ = "role_assignment"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.access_group.id"), info=PLAIN)
    role: Mapped[str] = mapped_column(ForeignKey("accounts.role.code"), info=PLAIN)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """None means the whole installation, or the places of work."""
    at_workplace: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """Each member of the group holds the role where he works today."""
    level: Mapped[str] = mapped_column(server_default=text("'subordinate'"), info=PLAIN)
    assigned_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        one_of("level", LEVELS),
        CheckConstraint("(account_id is null) <> (group_id is null)", name="user_or_group"),
        CheckConstraint(
            "not at_workplace or (group_id is not null and organization_id is null)", name="workplace_of_members"
        ),
        CheckConstraint("organization_id is not null or at_workplace or level = 'subordinate'", name="level_of_a_node"),
        Index(
            "uq_role_assignment",
            "account_id",
            "group_id",
            "role",
            "organization_id",
            "at_workplace",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_role_assignment_group", "group_id"),
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
    awaits_code: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    """The password fitted, the code of the second factor is still to come."""
    ip: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))
    user_agent: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """Where the person works in this browser; empty: in all places of the roles."""

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


class Ban(Base):
    """Somebody may not use the system for a while; the account stays."""

    __tablename__ = "ban"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    starts_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    ends_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    reason: Mapped[str] = mapped_column(info=FREE_TEXT)
    set_by: Mapped[str] = mapped_column(info=DIRECT)
    lifted_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_ban_account", "account_id"),
        _TABLE,
    )


class WorkingHours(Base):
    """When an account may be used on a weekday (1 is Monday); an account without any may always be."""

    __tablename__ = "working_hours"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    weekday: Mapped[int] = mapped_column(SmallInteger, info=PLAIN)
    starts: Mapped[dt.time] = mapped_column(info=PLAIN)
    ends: Mapped[dt.time] = mapped_column(info=PLAIN)
    """Not after ``starts``: the shift ends on the next day."""

    __table_args__ = (
        CheckConstraint("weekday between 1 and 7", name="weekday_known"),
        Index("uq_working_hours", "account_id", "weekday", unique=True),
        _TABLE,
    )


class TrustedNetwork(Base):
    """A network from which an organisation and everything below it may be worked in; none listed means any."""

    __tablename__ = "trusted_network"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    network: Mapped[str] = mapped_column(info=PLAIN)
    note: Mapped[str | None] = mapped_column(info=FREE_TEXT)

    __table_args__ = (Index("uq_trusted_network", "organization_id", "network", unique=True), _TABLE)


class ServicePermit(Base):
    """An organisation permits a service account for a period."""

    __tablename__ = "service_permit"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    starts_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    ends_on: Mapped[dt.date] = mapped_column(info=PLAIN)
    basis: Mapped[str] = mapped_column(info=FREE_TEXT)
    """Number and date of the organisation's letter."""
    permitted_by: Mapped[str] = mapped_column(info=DIRECT)

    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        Index("ix_service_permit_account", "account_id"),
        _TABLE,
    )


class SecondFactor(Base):
    """The secret of somebody's code generator, encrypted with a key outside the database."""

    __tablename__ = "second_factor"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.account.id"), primary_key=True, autoincrement=False, info=PLAIN
    )
    secret: Mapped[str] = mapped_column(info=DIRECT)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    last_step: Mapped[int] = mapped_column(server_default=text("0"), info=PLAIN)
    """The newest time step used: a code works once."""

    __table_args__ = (_TABLE,)


class RecoveryCode(Base):
    """A code for the day the generator is lost; works once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    used_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (Index("ix_recovery_code_account", "account_id"), _TABLE)


class AccountChange(Base):
    """A change of an account, a group or their rights that takes effect when a responsible employee signs it."""

    __tablename__ = "account_change"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.access_group.id"), info=PLAIN)
    role: Mapped[str | None] = mapped_column(info=PLAIN)
    level: Mapped[str | None] = mapped_column(info=PLAIN)
    at_workplace: Mapped[bool] = mapped_column(server_default=text("false"), info=PLAIN)
    position: Mapped[str | None] = mapped_column(info=PLAIN)
    """The position that joins or leaves a group."""
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """Where the role holds, or where the account works; None means the whole installation."""
    request_number: Mapped[str | None] = mapped_column(info=PLAIN)
    request_date: Mapped[dt.date | None] = mapped_column(info=PLAIN)
    """The facility's official request, when there was one."""
    statement: Mapped[bytes | None] = mapped_column(LargeBinary, info=DIRECT)
    """The bytes that are signed."""
    asked_by: Mapped[str] = mapped_column(info=DIRECT)
    asked_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    state: Mapped[str] = mapped_column(server_default=text("'pending'"), info=PLAIN)
    decided_by: Mapped[str | None] = mapped_column(info=DIRECT)
    decided_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    refusal: Mapped[str | None] = mapped_column(info=FREE_TEXT)
    cms: Mapped[bytes | None] = mapped_column(LargeBinary, info=DIRECT)
    certificate_serial: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (
        one_of("kind", CHANGE_KINDS),
        one_of("state", CHANGE_STATES),
        one_of("level", LEVELS),
        CheckConstraint("account_id is not null or group_id is not null", name="of_somebody"),
        CheckConstraint("(state = 'pending') = (decided_at is null)", name="decided_when"),
        CheckConstraint("(state = 'signed') = (cms is not null)", name="signed_with"),
        CheckConstraint("(state = 'refused') = (refusal is not null)", name="refused_why"),
        Index("ix_account_change_pending", "organization_id", postgresql_where=text("state = 'pending'")),
        Index("ix_account_change_account", "account_id"),
        _TABLE,
    )
