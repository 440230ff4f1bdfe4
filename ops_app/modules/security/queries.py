"""Every SELECT of the security module."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.errors import NotFound
from ops_app.i18n import _
from ops_app.kit import clock
from ops_app.kit.day_range import within_days
from ops_app.modules.accounts.models import Account
from ops_app.modules.accounts.queries import account_by_login, home_node, works_in
from ops_app.modules.audit.models import Event
from ops_app.modules.organizations.models import Organization
from ops_app.modules.patients.models import AccessGrant
from ops_app.modules.security.forms import SignInFilter
from ops_app.modules.security.models import AccessReview, Incident, IncidentEvidence
from ops_app.permissions import Permission

SIGNED_IN = ("accounts:signed_in", "signatures:entered")
REFUSED = ("accounts:sign_in_failed", "accounts:sign_in_locked", "signatures:enter_refused")


def grants_to_review(actor: Actor) -> Select[AccessGrant, str]:
    """Stated reasons of the reviewer's staff that nobody has judged; never his own."""
    scope = actor.scope(Permission.AUDIT_ACCESS_REVIEW)
    return (
        select(AccessGrant, Account.display_name)
        .join(Account, Account.login == AccessGrant.granted_to)
        .outerjoin(AccessReview, AccessReview.grant_id == AccessGrant.id)
        .where(AccessReview.grant_id.is_(None), AccessGrant.granted_to != actor.login, works_in(scope, Account.id))
    )


def waiting_reviews(session: Session, actor: Actor) -> int:
    """How many stated reasons wait for this reviewer."""
    return session.scalar(select(func.count()).select_from(grants_to_review(actor).subquery())) or 0


def grant_to_review(session: Session, actor: Actor, grant_id: int) -> AccessGrant:
    """A stated reason this reviewer may judge."""
    found = session.scalars(grants_to_review(actor).where(AccessGrant.id == grant_id)).one_or_none()
    if found is None:
        raise NotFound(_("This stated reason is not yours to review, or it was reviewed already"))
    return found


def reviewed(actor: Actor) -> Select[AccessReview, AccessGrant, str]:
    """Judged reasons of the reviewer's staff."""
    scope = actor.scope(Permission.AUDIT_ACCESS_REVIEW)
    return (
        select(AccessReview, AccessGrant, Account.display_name)
        .join(AccessGrant, AccessGrant.id == AccessReview.grant_id)
        .join(Account, Account.login == AccessGrant.granted_to)
        .where(works_in(scope, Account.id))
    )


def seen_under(session: Session, grants: Sequence[AccessGrant]) -> dict[int, int]:
    """How often the card was shown under each stated reason."""
    counts: dict[int, int] = {}
    for grant in grants:
        counts[grant.id] = (
            session.scalar(
                select(func.count()).where(
                    Event.patient_id == grant.patient_id,
                    Event.kind == "read",
                    Event.rule.in_(("stated_reason", "closed_topics")),
                    Event.login == grant.granted_to,
                    Event.at.between(grant.granted_at, grant.expires_at),
                )
            )
            or 0
        )
    return counts


def home_of(session: Session, login: str) -> int | None:
    """The organisation somebody works at: the first of his roles."""
    account = account_by_login(session, login)
    return home_node(session, account.id) if account else None


def incidents(scope: Scope, state: str | None) -> Select[Incident, Organization]:
    """Incidents of the scope."""
    statement = (
        select(Incident, Organization)
        .outerjoin(Organization, Organization.id == Incident.organization_id)
        .where(scope.condition(Incident.organization_id))
    )
    if state == "open":
        statement = statement.where(Incident.closed_at.is_(None))
    elif state == "closed":
        statement = statement.where(Incident.closed_at.is_not(None))
    return statement


def incident_or_404(session: Session, scope: Scope, incident_id: int, *, lock: bool = False) -> Incident:
    """An incident of the scope; locked, until the commit nobody else closes it or adds to it."""
    statement = select(Incident).where(Incident.id == incident_id, scope.condition(Incident.organization_id))
    found = session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if found is None:
        raise NotFound(_("There is no such incident"))
    return found


def open_incidents(session: Session, actor: Actor) -> int:
    """How many incidents of the scope are open."""
    scope = actor.scope(Permission.SECURITY_INCIDENT_MANAGE)
    return session.scalar(select(func.count()).select_from(incidents(scope, "open").subquery())) or 0


def evidence_of(session: Session, incident_id: int) -> Sequence[IncidentEvidence]:
    """What was collected for an incident, in the order it was."""
    return session.scalars(
        select(IncidentEvidence).where(IncidentEvidence.incident_id == incident_id).order_by(IncidentEvidence.id)
    ).all()


def collected(session: Session, evidence: Sequence[IncidentEvidence], limit: int) -> Sequence[Event]:
    """The journal rows of an incident, newest first."""
    ids = sorted({event_id for row in evidence for event_id in row.event_ids})
    return session.scalars(select(Event).where(Event.id.in_(ids)).order_by(Event.id.desc()).limit(limit)).all()


def sign_ins(scope: Scope, asked: SignInFilter) -> Select[Event, str]:
    """Successful and refused sign-ins; a login that does not exist belongs to the whole installation."""
    statement = (
        select(Event, Account.display_name)
        .outerjoin(Account, Account.login == Event.login)
        .where(Event.kind == "security", _result(asked))
    )
    if not scope.everywhere:
        statement = statement.where(works_in(scope, Account.id))
    if asked.login:
        statement = statement.where(or_(Event.login == asked.login.lower(), Account.display_name == asked.login))
    return statement.where(*within_days(Event.at, asked.date_from, asked.date_to))


def _result(asked: SignInFilter) -> ColumnElement[bool]:
    if asked.result == "signed_in":
        return Event.action.in_(SIGNED_IN)
    if asked.result == "refused":
        return Event.action.in_(REFUSED)
    return Event.action.in_(SIGNED_IN + REFUSED)


def refused_lately(session: Session, actor: Actor) -> int:
    """How many sign-ins of the scope were refused in the last 24 hours."""
    found = sign_ins(actor.scope(Permission.SECURITY_SIGNIN_READ), SignInFilter(result="refused"))
    lately = found.where(Event.at > clock.now() - dt.timedelta(hours=24)).with_only_columns(func.count(Event.id))
    return session.scalar(lately) or 0
