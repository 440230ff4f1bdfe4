"""Whether the protection of personal data is in place, and what that lets leave."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.protection.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "protection",
    router=router,
    nav=(
        NavItem(
            N_("Protection of personal data"),
            "protection:checks",
            Permission.PROTECTION_CHECK_READ,
            group="administration",
            order=33,
        ),
    ),
    actions={
        "protection:state": N_("Stated how a check of protection stands"),
        "protection:place": N_("Stated where data lie or go"),
        "protection:release": N_("Asked in the shell for a release of figures"),
        "protection:designate": N_("Named the aggregator"),
    },
)
