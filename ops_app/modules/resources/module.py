"""Registers of what a facility has and serves."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.resources.journals import JOURNALS
from ops_app.modules.resources.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "resources",
    router=router,
    nav=(
        NavItem(
            N_("Registers"), "resources:index", Permission.RESOURCES_REGISTER_READ, group="administration", order=16
        ),
    ),
    journals=JOURNALS,
    actions={
        "resources:add": N_("Added a row to a register"),
        "resources:change": N_("Changed a row of a register"),
        "resources:close": N_("Closed a row of a register"),
    },
)
