"""Which rule, if any, lets a member of staff open a person's card; its name goes into the audit row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from ops_app.actor import Scope
from ops_app.kit import clock

TREATED_DAYS = 365
"""After care here ends, the organisation may follow up for this long."""


class AccessRule(StrEnum):
    """Why a card may be opened."""

    EVERYWHERE = "everywhere"
    ATTACHED = "attached"
    SERVED = "served"
    TREATED = "treated"
    REFERRAL = "referral"
    STATED_REASON = "stated_reason"


MAPPED = ("attached", "served", "treated", "referral", "stated_reason")
"""Rules that the permission map switches by role and organisation, in the order they are asked."""

# Written as SQL and not as expressions: the search asks it for every keystroke, and building the
# statement would take longer than running it. The organisation of a dead person keeps the card:
# it owes the review of the death.
_ATTACHED = """
  select true from patients.attachment a
  where a.patient_id {person} and a.entered_in_error_at is null
    and (a.end_date is null or a.end_date > :scope_today or a.end_reason = 'died')
    and (a.organization_id = any(:scope_places) or a.site_id = any(:scope_places))
"""
_SERVED = """
  select true from patients.serving_site s
  where s.patient_id {person} and s.entered_in_error_at is null
    and (s.end_date is null or s.end_date > :scope_today)
    and (s.organization_id = any(:scope_places) or s.site_id = any(:scope_places))
"""
_TREATED = """
  select true from visits.encounter e
  where e.patient_id {person} and e.entered_in_error_at is null and e.event_at > :scope_since
    and (e.organization_id = any(:scope_places) or e.site_id = any(:scope_places))
"""
_REFERRED = """
  select true from visits.service_request q
  where q.patient_id {person} and q.entered_in_error_at is null
    and q.status in ('active', 'scheduled', 'in_progress')
    and q.performer_organization_id = any(:scope_places)
"""
_PLACED = (_ATTACHED, _SERVED, _TREATED, _REFERRED)
_GRANTED = """
  select true from patients.access_grant g
  where g.patient_id {person} and g.granted_to = :login and g.expires_at > :now and :may_state_reason
"""
_HIDDEN = (
    "in (select l.other_patient_id from patients.patient_link l where l.patient_id = {id} and l.unlinked_at is null)"
)


def _exists(rule: str, person: str) -> str:
    # A scalar subquery with a limit is the one form the planner never turns into a join; as a join
    # it would first collect everybody of the scope, far more than the few people a name leaves.
    return f"({rule.format(person=person)} limit 1) is not null"


def within(person: str) -> str:
    """SQL condition that the person of this column is attached to, served by, treated in or referred to the scope."""
    own = [_exists(rule, f"= {person}") for rule in _PLACED]
    hidden = [_exists(rule, _HIDDEN.format(id=person)) for rule in _PLACED]
    has_hidden = f"exists (select from patients.patient_link l where l.patient_id = {person})"
    return f"({' or '.join(own)} or {has_hidden} and ({' or '.join(hidden)}))"


def within_parameters(scope: Scope) -> dict[str, object]:
    """Values for the condition ``within``."""
    return {
        "scope_places": sorted(scope.organization_ids),
        "scope_today": clock.today(),
        "scope_since": clock.now() - dt.timedelta(days=TREATED_DAYS),
    }


_AT_PLACES = {
    AccessRule.ATTACHED: _ATTACHED,
    AccessRule.SERVED: _SERVED,
    AccessRule.TREATED: _TREATED,
    AccessRule.REFERRAL: _REFERRED,
}
_RULE = text(
    "select case "
    + " ".join(
        f"when {_exists(rule.replace(':scope_places', f':{name}_places'), '= any(:records)')} then '{name}'"
        for name, rule in (*_AT_PLACES.items(), (AccessRule.STATED_REASON, _GRANTED))
    )
    + " end"
)


def rule_for(
    session: Session, scopes: Mapping[AccessRule, Scope], record_ids: Sequence[int], login: str
) -> AccessRule | None:
    """The first rule of the permission map that opens the card of the person behind these records, or None."""
    if AccessRule.EVERYWHERE in scopes:
        return AccessRule.EVERYWHERE
    values: dict[str, object] = {
        "scope_today": clock.today(),
        "scope_since": clock.now() - dt.timedelta(days=TREATED_DAYS),
        "records": list(record_ids),
        "login": login,
        "now": clock.now(),
        "may_state_reason": AccessRule.STATED_REASON in scopes,
    }
    for rule in _AT_PLACES:
        values[f"{rule}_places"] = sorted(scopes[rule].organization_ids) if rule in scopes else []
    found = session.scalar(_RULE, values)
    return AccessRule(found) if found else None
