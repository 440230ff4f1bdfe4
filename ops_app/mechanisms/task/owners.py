"""The accounts behind a task: of named people, or of whoever holds a role at the organisation."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.mechanisms.task.models import Task

_OF_PEOPLE = text("""
select id from accounts.account where is_active and kind = 'person' and practitioner_id = any(:people)
""")
_OF_ROLES = text("""
with above as materialized (select id, steps, leaves_organization from organizations.line_of(:place))
select distinct a.id from accounts.account a
join accounts.held_role r on r.account_id = a.id
left join above on above.id = r.organization_id
where a.is_active and a.kind = 'person' and r.role = any(:roles)
  and (r.organization_id is null or above.steps = 0 or (above.id is not null and r.reach = 'subordinate')
       or (r.reach = 'organization' and not above.leaves_organization))
""")


def accounts_of_people(session: Session, practitioner_ids: Iterable[int]) -> list[int]:
    """Active accounts of members of staff."""
    return list(session.scalars(_OF_PEOPLE, {"people": sorted(set(practitioner_ids))}))


def accounts_of_roles(session: Session, roles: Iterable[str], organization_id: int) -> list[int]:
    """Active accounts that hold one of the roles over a node."""
    return list(session.scalars(_OF_ROLES, {"roles": sorted(set(roles)), "place": organization_id}))


def accounts_of(session: Session, task: Task) -> set[int]:
    """Whom a new task is for; its role stands in where the named person has no account."""
    owner = [task.owner_practitioner_id] if task.owner_practitioner_id is not None else []
    named = accounts_of_people(session, owner)
    if not named:
        named = accounts_of_roles(session, [task.owner_role], task.organization_id)
    return {*named, *accounts_of_people(session, task.also_practitioner_ids)}
