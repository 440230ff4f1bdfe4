"""Permission map and closed topics."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.access.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "access",
    router=router,
    nav=(
        NavItem(N_("Permission map"), "access:map", Permission.ACCESS_MAP_MANAGE, group="administration", order=13),
        NavItem(N_("Closed topics"), "access:topics", Permission.ACCESS_MAP_MANAGE, group="administration", order=14),
    ),
    actions={
        "access:set_card_rule": N_("Changed the permission map"),
        "access:set_topic_circle": N_("Changed who treats a closed topic"),
        "access:closed": N_("Was asked for a reason to open closed topics"),
        "access:open_closed": N_("Opened closed topics with a stated reason"),
    },
)
