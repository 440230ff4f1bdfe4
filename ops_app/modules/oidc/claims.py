"""What the dashboards learn about who signed in."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ops_app.actor import Actor
from ops_app.modules.protection.releasing import aggregator_name, figures_scope, why_no_release
from ops_app.permissions import Permission


def identity(actor: Actor) -> dict[str, object]:
    """Claims of the ID token: small, because Streamlit keeps them in a cookie."""
    return {
        "sub": str(actor.account_id),
        "name": actor.display_name,
        "preferred_username": actor.login,
        "locale": actor.language,
        "sid": str(actor.session_id),
        "roles": sorted(actor.roles),
    }


def authority(actor: Actor) -> dict[str, object]:
    """Claims of userinfo and introspection: also where the actor may look, every node spelled out."""
    pages = figures_scope(actor)
    cases = actor.scope(Permission.SIGNALS_CASE_READ).joined(actor.scope(Permission.WORKLIST_TASK_READ))
    held = sorted(permission for permission in Permission if actor.may(permission))
    return identity(actor) | {
        "permissions": held,
        "everywhere": pages.everywhere,
        "organization_ids": sorted(pages.organization_ids),
        "organization_roots": sorted(
            {grant.organization_id for grant in actor.grants if grant.organization_id is not None}
        ),
        "cases_everywhere": cases.everywhere,
        "case_organization_ids": sorted(cases.organization_ids),
    }


def releasing(session: Session, actor: Actor) -> dict[str, object]:
    """Claims about releases: why the actor may make none, and who the aggregator is."""
    return {"release_refused": why_no_release(session, actor), "aggregator": aggregator_name(session)}
