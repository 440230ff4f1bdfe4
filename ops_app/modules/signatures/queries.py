"""Every SELECT about rules, attempts and challenges."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.kit import clock
from ops_app.modules.accounts.models import Account
from ops_app.modules.accounts.queries import works_in
from ops_app.modules.organizations.models import Organization, Practitioner, PractitionerRole
from ops_app.modules.organizations.queries import descendant_ids, path
from ops_app.modules.signatures.models import Challenge, SignatureAttempt, SignatureRule


def is_mandatory(session: Session, subject: str, organization_id: int, default: bool) -> bool:
    """The rule of the nearest node of the tree, then of the installation, then what the declaration says."""
    nodes: list[int | None] = [node.id for node in path(session, organization_id)]
    found = {
        rule.organization_id: rule.is_mandatory
        for rule in session.scalars(select(SignatureRule).where(SignatureRule.subject == subject))
    }
    for node in (*reversed(nodes), None):
        if node in found:
            return found[node]
    return default


def rules(session: Session, scope: Scope) -> Sequence[Row[SignatureRule, Organization]]:
    """Rules that hold in a scope, those of the whole installation first."""
    inside = SignatureRule.organization_id.is_(None) | scope.condition(SignatureRule.organization_id)
    return session.execute(
        select(SignatureRule, Organization)
        .outerjoin(Organization, Organization.id == SignatureRule.organization_id)
        .where(inside)
        .order_by(SignatureRule.subject, Organization.sort_key.nulls_first(), SignatureRule.id)
    ).all()


def rule_of(session: Session, subject: str, organization_id: int | None) -> SignatureRule | None:
    """The rule of exactly this node."""
    same = SignatureRule.organization_id == organization_id
    if organization_id is None:
        same = SignatureRule.organization_id.is_(None)
    return session.scalar(select(SignatureRule).where(SignatureRule.subject == subject, same).with_for_update())


def refused_attempts(scope: Scope, text: str | None) -> Select[SignatureAttempt, str]:
    """Refused signatures of the scope's staff; of strangers only for whoever sees everything."""
    statement = (
        select(SignatureAttempt, Account.display_name)
        .outerjoin(Account, Account.id == SignatureAttempt.account_id)
        .where(SignatureAttempt.reason != "valid")
    )
    if not scope.everywhere:
        statement = statement.where(works_in(scope, SignatureAttempt.account_id))
    if text:
        wanted = text.strip().lower()
        statement = statement.where(
            (SignatureAttempt.subject_iin == wanted)
            | (SignatureAttempt.certificate_serial == wanted)
            | (SignatureAttempt.login == wanted)
        )
    return statement


def locked_challenge(session: Session, challenge_id: int) -> Challenge | None:
    """A challenge that nobody else may answer meanwhile."""
    return session.scalar(select(Challenge).where(Challenge.id == challenge_id).with_for_update())


def accounts_of(session: Session, iin: str) -> Sequence[Account]:
    """Active accounts of the member of staff with this IIN."""
    return session.scalars(
        select(Account)
        .join(Practitioner, Practitioner.id == Account.practitioner_id)
        .where(Practitioner.iin == iin, Account.is_active)
        .order_by(Account.id)
    ).all()


def holds_position(session: Session, practitioner_id: int, organization_id: int) -> bool:
    """Whether somebody works in an organisation or below it today."""
    today = clock.today()
    found = session.scalar(
        select(PractitionerRole.id)
        .where(
            PractitionerRole.practitioner_id == practitioner_id,
            PractitionerRole.organization_id.in_(descendant_ids(session, [organization_id])),
            PractitionerRole.start_date <= today,
            PractitionerRole.end_date.is_(None) | (PractitionerRole.end_date > today),
        )
        .limit(1)
    )
    return found is not None
