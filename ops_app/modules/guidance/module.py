"""Protocols of diagnostics and treatment, conditions of services."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.guidance.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "guidance",
    router=router,
    nav=(
        NavItem(N_("Protocols"), "guidance:protocols", Permission.VISITS_RECORD_READ, group="patients", order=85),
        NavItem(
            N_("Conditions of services"),
            "guidance:rules",
            Permission.GUIDANCE_BOOK_MANAGE,
            group="administration",
            order=18,
        ),
    ),
    actions={
        "guidance:add_protocol": N_("Entered a protocol"),
        "guidance:withdraw": N_("Withdrew a protocol"),
        "guidance:add_rule": N_("Entered a condition of a service"),
        "guidance:close_rule": N_("Closed a condition of a service"),
    },
)
