"""Which kinds of data a facility keeps from applications of patients: Law on personal data, article 25(2)(1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ops_app import audit
from ops_app.actor import Actor
from ops_app.errors import Forbidden
from ops_app.modules.personal_data.models import ApplicationLimit
from ops_app.permissions import Permission

LIMITS = "application_limits"


def limits(session: Session, organization_ids: Iterable[int] | None = None) -> dict[int, set[str]]:
    """By facility: the kinds it withholds."""
    statement = select(ApplicationLimit.organization_id, ApplicationLimit.kind)
    if organization_ids is not None:
        statement = statement.where(ApplicationLimit.organization_id.in_(list(organization_ids)))
    found: dict[int, set[str]] = {}
    for row in session.execute(statement):
        found.setdefault(row.organization_id, set()).add(row.kind)
    return found


def limit(session: Session) -> None:
    """From here on the session answers an application: it is told of nothing that a facility withholds."""
    found: dict[str, set[int]] = {}
    for organization_id, kinds in limits(session).items():
        for kind in kinds:
            found.setdefault(kind, set()).add(organization_id)
    session.info[LIMITS] = found


def withheld_by(session: Session, kind: str) -> Collection[int]:
    """Facilities whose rows of this kind this session may not tell of."""
    found: Mapping[str, set[int]] = session.info.get(LIMITS, {})
    return found.get(kind, ())


def set_limits(session: Session, actor: Actor, organization_id: int, kinds: Collection[str]) -> None:
    """Decide what a facility withholds from now on."""
    if not actor.scope(Permission.PERSONAL_DATA_REQUEST_DECIDE).allows(organization_id):
        raise Forbidden()
    before = sorted(limits(session, [organization_id]).get(organization_id, set()))
    session.execute(delete(ApplicationLimit).where(ApplicationLimit.organization_id == organization_id))
    session.add_all(
        ApplicationLimit(organization_id=organization_id, kind=kind, set_by=actor.login) for kind in sorted(kinds)
    )
    session.flush()
    audit.changed(
        session,
        actor,
        entity="personal_data.application_limit",
        entity_id=organization_id,
        before={"withheld": before},
        after={"withheld": sorted(kinds)},
    )
