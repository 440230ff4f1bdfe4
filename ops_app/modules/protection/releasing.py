"""Who may release summary figures: the staff of the aggregator, where one is named (order ҚР ДСМ-30, item 4)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.protection import queries, standing


def why_no_release(session: Session, actor: Actor | None) -> str | None:
    """Why this actor may release nothing: ``no_aggregator``, ``not_aggregator``, ``unprotected``; None when he may."""
    named = queries.aggregator(session)
    if named is None and standing.is_enforced():
        return "no_aggregator"
    if named is not None:
        staff = descendant_ids(session, [named[1].id])
        if actor is None or not any(grant.organization_id in staff for grant in actor.grants):
            return "not_aggregator"
    return "unprotected" if standing.is_enforced() and standing.lacking(session) else None


def aggregator_name(session: Session) -> str | None:
    """The aggregator of today as releases name it, in Kazakh and Russian."""
    named = queries.aggregator(session)
    if named is None:
        return None
    names = dict.fromkeys((named[1].name_kk, named[1].name_ru))
    return " / ".join(names)
