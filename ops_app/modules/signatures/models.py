"""Tables of schema ``signatures``; none of them passes the gate."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from ops_app.kit.model import Base, one_of
from ops_app.kit.privacy import DIRECT, PLAIN, Generalisation, Subject, exported, quasi

PURPOSES = ("sign_in", "document", "account_change", "action")

_TABLE = {"schema": "signatures", "info": exported(Subject.WITHHELD)}


class SignatureRule(Base):
    """Whether a signature is mandatory for an action or kind of document, in an organisation and below it."""

    __tablename__ = "signature_rule"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    subject: Mapped[str] = mapped_column(info=PLAIN)
    """``document:<kind>``, or ``action:<name>``."""
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    """None means the whole installation."""
    is_mandatory: Mapped[bool] = mapped_column(info=PLAIN)
    set_by: Mapped[str] = mapped_column(info=DIRECT)
    set_at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)

    __table_args__ = (
        Index("uq_signature_rule", "subject", "organization_id", unique=True, postgresql_nulls_not_distinct=True),
        _TABLE,
    )


class SignatureAttempt(Base):
    """A signature that was shown to the system, accepted or not, at the sign-in or under a document."""

    __tablename__ = "signature_attempt"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    at: Mapped[dt.datetime] = mapped_column(server_default=text("now()"), info=PLAIN)
    purpose: Mapped[str] = mapped_column(info=PLAIN)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    login: Mapped[str | None] = mapped_column(info=DIRECT)
    certificate_serial: Mapped[str | None] = mapped_column(info=DIRECT)
    subject_name: Mapped[str | None] = mapped_column(info=DIRECT)
    subject_iin: Mapped[str | None] = mapped_column(info=DIRECT)
    subject_bin: Mapped[str | None] = mapped_column(info=DIRECT)
    reason: Mapped[str] = mapped_column(info=PLAIN)
    """``valid``, or why the signature was not accepted."""
    ip: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))
    user_agent: Mapped[str | None] = mapped_column(info=quasi(Generalisation.DROP))

    __table_args__ = (
        one_of("purpose", PURPOSES),
        Index("ix_signature_attempt_at", "at"),
        _TABLE,
    )


class Challenge(Base):
    """Random text that a certificate's owner signs to enter: for one browser, once, for a few minutes."""

    __tablename__ = "challenge"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    content: Mapped[bytes] = mapped_column(LargeBinary, info=PLAIN)
    visitor_hash: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    created_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    used_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)

    __table_args__ = (_TABLE,)


class SignedAct(Base):
    """Something about to be done, told in words, and the signature with which it was done."""

    __tablename__ = "signed_act"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, info=PLAIN)
    action: Mapped[str] = mapped_column(info=PLAIN)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.account.id"), info=PLAIN)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.organization.id"), info=PLAIN)
    content: Mapped[bytes] = mapped_column(LargeBinary, info=DIRECT)
    """The bytes that are signed."""
    form_hash: Mapped[str] = mapped_column(info=DIRECT)
    """Of the address and the fields, so that nothing else is done with the signature."""
    asked_at: Mapped[dt.datetime] = mapped_column(info=PLAIN)
    cms: Mapped[bytes | None] = mapped_column(LargeBinary, info=DIRECT)
    signed_at: Mapped[dt.datetime | None] = mapped_column(info=PLAIN)
    certificate_serial: Mapped[str | None] = mapped_column(info=DIRECT)

    __table_args__ = (Index("ix_signed_act_account", "account_id", "asked_at"), _TABLE)
