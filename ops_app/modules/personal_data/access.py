"""What consents, withdrawals, blocks and destruction do to the opening of a person; asked with every opening."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, and_, any_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.errors import Forbidden, NotFound
from ops_app.gate.models import Pseudonym
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.among import KEYS
from ops_app.modules.patients.models import AccessGrant
from ops_app.modules.personal_data.models import Consent, DataBlock, DestructionAct, SubjectRequest
from ops_app.permissions import Permission

CONSENTED, ASKED_BY_SUBJECT, STATED_REASON = "consented", "subject_request", "stated_reason"

HANDLING = frozenset(
    {
        Permission.PERSONAL_DATA_CONSENT_WRITE,
        Permission.PERSONAL_DATA_REQUEST_DECIDE,
        Permission.PERSONAL_DATA_REQUEST_REGISTER,
        Permission.PERSONAL_DATA_DESTRUCTION_APPROVE,
    }
)
"""Work on the rights of the person himself, which a block or a withdrawal must not stop."""

OFFICE = frozenset(
    {Permission.DOCUMENTS_RECORD_READ, Permission.DOCUMENTS_RECORD_SIGN, Permission.PATIENTS_IDENTITY_READ}
)
"""Together with the right to decide on requests, these too are such work."""

VIEWING = frozenset(
    {
        Permission.DOCUMENTS_RECORD_READ,
        Permission.PATIENTS_CARD_READ,
        Permission.PATIENTS_IDENTITY_READ,
        Permission.VISITS_RECORD_READ,
    }
)
"""What a consent to look into the record opens."""


class Blocked(Forbidden):
    """The data are stored and may not be used."""


OPEN_BLOCK = and_(
    DataBlock.patient_id == any_(KEYS),
    DataBlock.lifted_at.is_(None),
    or_(DataBlock.until.is_(None), DataBlock.until >= bindparam("today")),
)
"""The condition of a block that holds today; ``block_of`` gives what it asks for."""

_NEWEST_WORD = (
    select(func.max(Consent.id))
    .where(
        Consent.patient_id == any_(KEYS),
        Consent.purpose == "processing",
        or_(
            bindparam("everywhere", type_=Boolean),
            Consent.organization_id == any_(bindparam("places", type_=ARRAY(BigInteger))),
        ),
    )
    .group_by(Consent.organization_id)
)
# composed once, and one statement: every opening asks it
_STATE = select(
    exists().where(Pseudonym.patient_id == bindparam("id")).label("is_known"),
    exists().where(OPEN_BLOCK).label("is_blocked"),
    exists()
    .where(Consent.id.in_(_NEWEST_WORD), or_(Consent.is_given.is_(False), Consent.withdrawn_at.is_not(None)))
    .label("is_withdrawn"),
)


def block_of(records: Sequence[int]) -> dict[str, Any]:
    """What the condition of a block asks for."""
    return {"keys": list(records), "today": clock.today()}


def judged(
    session: Session, actor: Actor, permission: Permission, records: Sequence[int], rule: str | None
) -> str | None:
    """The rule under which the person may be opened after all; None when none is left.

    ``rule`` is what the usual rules found. A block refuses everything but the handling of the person's own
    rights; a withdrawn or refused consent to processing leaves only a stated reason; a consent to look into
    the record opens it to the organisation it names.
    """
    # the newest word on processing counts at the organisations the actor works for
    scope = actor.scope(permission)
    places = {"everywhere": scope.everywhere, "places": sorted(scope.organization_ids)}
    state = session.execute(_STATE, {"id": records[0], **block_of(records), **places}).one()
    if not state.is_known:
        raise NotFound(_("The data of this person were destroyed"))
    if permission in HANDLING or (permission in OFFICE and actor.may(Permission.PERSONAL_DATA_REQUEST_DECIDE)):
        return rule or _asked_by_subject(session, actor, permission, records)
    if state.is_blocked:
        raise Blocked(
            _("The personal data of this person are blocked"),
            advice=_("They are stored and may not be used. Only the officer for personal data lifts the block."),
        )
    if rule is None:
        return _consented(session, actor, permission, records)
    if rule != STATED_REASON and state.is_withdrawn:
        return STATED_REASON if _has_reason(session, actor, records) else None
    return rule


def is_live() -> ColumnElement[bool]:
    """The condition of a consent that holds today."""
    return and_(
        Consent.is_given,
        Consent.withdrawn_at.is_(None),
        Consent.given_on <= clock.today(),
        or_(Consent.valid_until.is_(None), Consent.valid_until >= clock.today()),
    )


def _asked_by_subject(session: Session, actor: Actor, permission: Permission, records: Sequence[int]) -> str | None:
    scope = actor.scope(permission)
    asked = exists().where(SubjectRequest.patient_id.in_(records), scope.condition(SubjectRequest.organization_id))
    drawn = exists().where(DestructionAct.patient_id.in_(records), scope.condition(DestructionAct.organization_id))
    return ASKED_BY_SUBJECT if session.scalar(select(or_(asked, drawn))) else None


def _consented(session: Session, actor: Actor, permission: Permission, records: Sequence[int]) -> str | None:
    if permission not in VIEWING:
        return None
    given = exists().where(
        Consent.patient_id.in_(records),
        Consent.purpose == "record_view",
        actor.scope(permission).condition(Consent.recipient_id),
        is_live(),
    )
    return CONSENTED if session.scalar(select(given)) else None


def _has_reason(session: Session, actor: Actor, records: Sequence[int]) -> bool:
    stated = exists().where(
        AccessGrant.patient_id.in_(records),
        AccessGrant.granted_to == actor.login,
        AccessGrant.expires_at > clock.now(),
    )
    return bool(session.scalar(select(stated)))
