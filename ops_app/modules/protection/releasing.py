"""Who may release summary figures: the staff of the aggregator, where one is named (order ҚР ДСМ-30, item 4)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor, Scope
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.protection import queries, standing
from ops_app.permissions import Permission, Role

TECHNICAL_ROLES = (Role.ADMINISTRATOR, Role.DATA_ENGINEER)
"""They keep the machine running; what it says about patients is not their business."""


def why_no_release(session: Session, actor: Actor | None, *, whole: bool = False) -> str | None:
    """Why this actor may release nothing, None when he may; ``whole`` asks for figures of the whole installation.

    ``no_aggregator``, ``not_aggregator``, ``not_permitted`` (he may not see these figures himself), ``unprotected``.
    """
    named = queries.aggregator(session)
    if named is None and standing.is_enforced():
        return "no_aggregator"
    if named is not None:
        staff = descendant_ids(session, [named[1].id])
        if actor is None or not any(grant.organization_id in staff for grant in actor.grants):
            return "not_aggregator"
    if actor is not None and not _may_see(actor, whole=whole and named is None):
        return "not_permitted"
    return "unprotected" if standing.is_enforced() and standing.lacking(session) else None


def figures_scope(actor: Actor) -> Scope:
    """Where figures may be seen; the page about the machine widens nobody's view of people."""
    scope = Scope()
    for grant in actor.grants:
        if grant.role not in TECHNICAL_ROLES and Permission.DASHBOARDS_PAGE_READ in grant.held:
            scope = scope.joined(grant.scope)
    return scope


def _may_see(actor: Actor, *, whole: bool) -> bool:
    # The staff of the aggregator works with the figures of everybody (item 4), whatever place their roles name.
    scope = figures_scope(actor)
    return scope.everywhere if whole else bool(scope)


def aggregator_name(session: Session) -> str | None:
    """The aggregator of today as releases name it, in Kazakh and Russian."""
    named = queries.aggregator(session)
    if named is None:
        return None
    names = dict.fromkeys((named[1].name_kk, named[1].name_ru))
    return " / ".join(names)
