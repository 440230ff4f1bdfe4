"""Every SELECT of the accounts module."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, reduce
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import Session

from ops_app.actor import Actor, RoleGrant, Scope
from ops_app.i18n import _, language
from ops_app.kit import clock
from ops_app.modules.accounts.held_role import HELD_ROLE, INSIDE_ORGANIZATION
from ops_app.modules.accounts.models import (
    Account,
    RoleAssignment,
    SecondFactor,
    SignInFailure,
    SignInSession,
    StoredRole,
)
from ops_app.modules.accounts.titles import ROLES
from ops_app.modules.organizations.models import Organization, PractitionerRole
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.permissions import Permission

KNOWN_PERMISSIONS = frozenset(Permission)
IDLE_LIMIT = dt.timedelta(hours=2)
PLACES_WITH_SITES = 60
SIGN_IN_LOCK = 33
"""First number of the advisory locks of sign-in; the second one is the hash of the login."""


def account_by_login(session: Session, login: str) -> Account | None:
    """The account of a login, active or not."""
    return session.scalar(select(Account).where(Account.login == login.strip().lower()))


def failures_of(session: Session, login: str) -> SignInFailure | None:
    """Failed sign-ins in a row under a login, for one attempt at a time.

    Attempts under one login wait for each other until the end of their requests: of guesses that are sent at once each
    must count, and those after the fifth must find the lock.
    """
    session.execute(select(func.pg_advisory_xact_lock(SIGN_IN_LOCK, func.hashtext(login))))
    return session.get(SignInFailure, login, populate_existing=True)


# Composed once: it is asked with every request.
_LIVE_SESSION = (
    select(SignInSession, Account)
    .join(Account, Account.id == SignInSession.account_id)
    .where(
        SignInSession.token_hash == bindparam("token"),
        SignInSession.revoked_at.is_(None),
        SignInSession.awaits_code.is_(False),
        SignInSession.expires_at > bindparam("now"),
        SignInSession.last_seen_at > bindparam("idle_since"),
        Account.is_active,
    )
)


def live_session(session: Session, token_hash: bytes) -> Row[SignInSession, Account] | None:
    """The session behind a cookie with its account, unless ended, idle too long or disabled."""
    now = clock.now()
    asked = {"token": token_hash, "now": now, "idle_since": now - IDLE_LIMIT}
    return session.execute(_LIVE_SESSION, asked).one_or_none()


def session_is_live(row: SignInSession, account: Account) -> bool:
    """The same rule for a session that was loaded by its number."""
    now = clock.now()
    return row.revoked_at is None and not row.awaits_code and row.expires_at > now and account.is_active


def actor_of(session: Session, account: Account, session_id: int, place_id: int | None = None) -> Actor:
    """The actor an account is, with the places of its roles spelled out.

    Whoever chose a place to work at holds the roles there and below only; a place that lies in none of them any more
    counts as not chosen.
    """
    grants, needs_code = held_roles(session, account.id)
    if place_id is not None:
        chosen = grants_at(grants, frozenset(descendant_ids(session, [place_id])))
        grants, place_id = (chosen, place_id) if chosen else (grants, None)
    return Actor(
        account_id=account.id,
        session_id=session_id,
        login=account.login,
        display_name=account.display_name,
        language=account.language,
        practitioner_id=account.practitioner_id,
        must_change_password=account.must_change_password,
        must_add_second_factor=needs_code and not has_second_factor(session, account.id),
        is_service=account.kind == "service",
        grants=grants,
        place_id=place_id,
    )


class Person(NamedTuple):
    """Who stands behind a login, and the code of the position held today."""

    name: str
    position: str | None


def people_of(session: Session, logins: Iterable[str]) -> dict[str, Person]:
    """Who stands behind logins that records keep; a login that was never an account is left out."""
    today = clock.today()
    position = (
        select(PractitionerRole.position)
        .where(
            PractitionerRole.practitioner_id == Account.practitioner_id,
            PractitionerRole.start_date <= today,
            or_(PractitionerRole.end_date.is_(None), PractitionerRole.end_date >= today),
        )
        .order_by(PractitionerRole.id)
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    statement = select(Account.login, Account.display_name, position).where(Account.login.in_(set(logins)))
    return {login: Person(name, held) for login, name, held in session.execute(statement).tuples()}


def grants_at(grants: Sequence[RoleGrant], nodes: frozenset[int]) -> tuple[RoleGrant, ...]:
    """The same roles inside some nodes only."""
    return tuple(replace(grant, scope=scope) for grant in grants if (scope := grant.scope.within(nodes)))


def has_second_factor(session: Session, account_id: int) -> bool:
    """Whether the account's code generator is confirmed."""
    confirmed = select(SecondFactor.account_id).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return session.scalar(confirmed) is not None


def own_reach(session: Session, account_id: int) -> Scope:
    """All places of an account's roles, whichever of them is chosen now."""
    return reduce(Scope.joined, (grant.scope for grant in role_grants(session, account_id)), Scope())


def role_grants(session: Session, account_id: int) -> tuple[RoleGrant, ...]:
    """Roles of an account with their places."""
    return held_roles(session, account_id)[0]


def _held_roles() -> Select[Any]:
    held_role = HELD_ROLE.c
    start = (
        select(
            held_role.role,
            held_role.reach,
            held_role.organization_id.label("root_id"),
            held_role.organization_id.label("node_id"),
        )
        .where(held_role.account_id == bindparam("account"))
        .cte("held", recursive=True)
    )
    goes_down = (start.c.reach == "subordinate") | (
        (start.c.reach == "organization") & Organization.kind.in_(INSIDE_ORGANIZATION)
    )
    below = start.union_all(
        select(start.c.role, start.c.reach, start.c.root_id, Organization.id).join(
            Organization, (Organization.parent_id == start.c.node_id) & goes_down
        )
    )
    return select(
        below.c.role, below.c.root_id, below.c.node_id, StoredRole.permissions, StoredRole.needs_second_factor
    ).join(StoredRole, StoredRole.code == below.c.role)


_HELD_ROLES = _held_roles()


@lru_cache(maxsize=256)
def _known_of(permissions: tuple[str, ...]) -> frozenset[Permission]:
    """A permission of an older version that exists no more gives nothing."""
    granted = set(permissions)
    return frozenset(each for each in Permission if each.value in granted)


def held_roles(session: Session, account_id: int) -> tuple[tuple[RoleGrant, ...], bool]:
    """Roles of an account, its own and those of its groups, and whether one asks for a second factor.

    The scope of a role is its node and what lies below as far as the role reaches, read in one query.
    """
    nodes: dict[tuple[str, int | None], set[int]] = defaultdict(set)
    roles: dict[str, frozenset[Permission]] = {}
    needs_code = False
    for row in session.execute(_HELD_ROLES, {"account": account_id}):
        needs_code = needs_code or row.needs_second_factor
        if row.role not in roles:
            roles[row.role] = _known_of(tuple(row.permissions))
        held = nodes[(row.role, row.root_id)]
        if row.node_id is not None:
            held.add(row.node_id)
    grants = tuple(
        RoleGrant(role, root, Scope(root is None, frozenset(held)), roles[role])
        for (role, root), held in sorted(nodes.items(), key=lambda item: (item[0][0], item[0][1] or 0))
    )
    return grants, needs_code


def stored_roles(session: Session) -> Sequence[StoredRole]:
    """All roles, the built-in ones first."""
    return session.scalars(select(StoredRole).order_by(StoredRole.is_builtin.desc(), StoredRole.code)).all()


def role_titles(session: Session) -> dict[str, str]:
    """Names of all roles in the language of the request."""
    names = {"kk": "name_kk", "ru": "name_ru", "en": "name_en"}
    titles = {str(role): title for role, title in ROLES.items()}
    return {
        role.code: _(titles[role.code]) if role.code in titles else str(getattr(role, names[language()]))
        for role in stored_roles(session)
    }


def holders(session: Session, code: str) -> int:
    """How many assignments use a role."""
    found = select(func.count()).select_from(RoleAssignment).where(RoleAssignment.role == code)
    return session.scalar(found) or 0


def own_sessions(session: Session, account_id: int) -> Sequence[SignInSession]:
    """Sessions of an account that still work, newest first."""
    now = clock.now()
    return session.scalars(
        select(SignInSession)
        .where(
            SignInSession.account_id == account_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.last_seen_at > now - IDLE_LIMIT,
        )
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    ).all()


def assignments(session: Session, account_ids: Sequence[int]) -> dict[int, list[Row[RoleAssignment, Organization]]]:
    """Roles given to several accounts themselves, with the organisation of each."""
    found: dict[int, list[Row[RoleAssignment, Organization]]] = defaultdict(list)
    rows = session.execute(
        select(RoleAssignment, Organization)
        .outerjoin(Organization, Organization.id == RoleAssignment.organization_id)
        .where(RoleAssignment.account_id.in_(account_ids))
        .order_by(RoleAssignment.role, RoleAssignment.id)
    )
    for row in rows:
        found[row.RoleAssignment.account_id or 0].append(row)
    return found


def accounts_in(scope: Scope, text: str | None = None) -> Select[Account]:
    """Accounts whose every role lies inside a scope: an administrator never touches those above him."""
    outside = select(HELD_ROLE.c.role).where(HELD_ROLE.c.account_id == Account.id)
    statement = select(Account)
    if not scope.everywhere:
        inside = scope.condition(HELD_ROLE.c.organization_id)
        statement = statement.where(
            outside.where(inside).exists(),
            ~outside.where(func.coalesce(~inside, True)).exists(),
        )
    if text:
        pattern = f"%{text.strip().lower()}%"
        statement = statement.where(and_(func.lower(Account.display_name).like(pattern) | Account.login.like(pattern)))
    return statement


def works_in(scope: Scope, account_id: Any) -> ColumnElement[bool]:
    """Whether an account holds a role inside a scope."""
    if scope.everywhere:
        return true()
    return exists().where(HELD_ROLE.c.account_id == account_id, scope.condition(HELD_ROLE.c.organization_id))


def home_node(session: Session, account_id: int | None) -> int | None:
    """The node an account works at: the first of its roles that names one."""
    held = HELD_ROLE.c
    return session.scalar(
        select(held.organization_id)
        .where(held.account_id == account_id, held.organization_id.is_not(None))
        .order_by(held.assignment_id, held.organization_id)
        .limit(1)
    )


def organization_choices(session: Session, scope: Scope) -> list[tuple[Organization, int]]:
    """Nodes a role may be given at, in the order of the tree, each with its depth in what is listed."""
    rows = session.scalars(
        select(Organization)
        .where(scope.condition(Organization.id), Organization.is_active, Organization.is_external.is_(False))
        .order_by(Organization.sort_key, Organization.id)
    ).all()
    listed = {row.id for row in rows}
    below: dict[int | None, list[Organization]] = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in listed else None].append(row)
    found: list[tuple[Organization, int]] = []
    waiting = [(row, 0) for row in reversed(below[None])]
    while waiting:
        row, depth = waiting.pop()
        found.append((row, depth))
        waiting += [(child, depth + 1) for child in reversed(below[row.id])]
    return found


def own_places(session: Session, account_id: int) -> list[tuple[Organization, int]]:
    """Nodes an account may choose to work at; where there are very many, sites are left to their organisations."""
    places = organization_choices(session, own_reach(session, account_id))
    return places if len(places) <= PLACES_WITH_SITES else [place for place in places if place[0].kind != "site"]


def home_organization(session: Session, actor: Actor) -> Organization | None:
    """The node the actor works at: the chosen one, else the first of his roles that names one."""
    if actor.place_id is not None:
        return session.get(Organization, actor.place_id)
    for grant in actor.grants:
        if grant.organization_id is not None:
            return session.get(Organization, grant.organization_id)
    return None
