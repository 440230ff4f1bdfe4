"""Blocked people in lists: their names are not shown to anybody but those who handle blocks.

A list need not know of it: a session that shows things to a reader carries the numbers of the blocked, and whatever
record of theirs it loads bears a mask instead of names and numbers. Nothing of the mask is ever written: a masked
value is no change. Sessions without a reader (commands, jobs) see the names.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, event, or_, select
from sqlalchemy.orm import QueryContext, Session, object_session
from sqlalchemy.orm.attributes import set_committed_value

from ops_app.actor import Actor
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data.models import DataBlock
from ops_app.permissions import Permission

BLOCKED = "blocked_people"
EMPTIED = ("patronymic", "iin", "temporary_id", "phone", "address_line", "kato_code", "document_number")
"""What else of the passport part is not shown; folded names stay for the comparison with a newcomer."""


# Composed once: it is asked with every request.
_BLOCKED = select(DataBlock.patient_id).where(
    DataBlock.lifted_at.is_(None), or_(DataBlock.until.is_(None), DataBlock.until >= bindparam("today"))
)


def mask_blocked(session: Session, actor: Actor) -> None:
    """From here on the session shows this reader no names of blocked people."""
    if actor.may(Permission.PERSONAL_DATA_REQUEST_DECIDE) or actor.may(Permission.PERSONAL_DATA_DESTRUCTION_APPROVE):
        return
    session.info[BLOCKED] = frozenset(session.scalars(_BLOCKED, {"today": clock.today()}))


def blocked_people(session: Session) -> Collection[int]:
    """Numbers of the people whom this session must not name."""
    found: frozenset[int] = session.info.get(BLOCKED, frozenset())
    return found


@event.listens_for(Patient, "load")
def _mask_loaded(person: Patient, context: QueryContext) -> None:
    _mask(person, context.session)


@event.listens_for(Patient, "refresh")
def _mask_refreshed(person: Patient, context: QueryContext | None, _attributes: Any) -> None:
    # an UPDATE that writes its values into the object itself has no context
    _mask(person, context.session if context is not None else object_session(person))


def _mask(person: Patient, session: Session | None) -> None:
    if session is None or person.__dict__.get("id") not in blocked_people(session):
        return
    set_committed_value(person, "family_name", _("Data blocked"))
    set_committed_value(person, "given_name", "")
    for name in EMPTIED:
        set_committed_value(person, name, None)
