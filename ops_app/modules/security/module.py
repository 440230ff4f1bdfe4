"""Reviews, incidents and sign-ins for those who answer for security."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Figure, Module, NavItem
from ops_app.modules.security import queries
from ops_app.modules.security.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "security",
    router=router,
    nav=(
        NavItem(
            N_("Stated reasons"),
            "security:reviews",
            Permission.AUDIT_ACCESS_REVIEW,
            group="administration",
            order=30,
            waiting=queries.waiting_reviews,
        ),
        NavItem(
            N_("Security incidents"),
            "security:incidents",
            Permission.SECURITY_INCIDENT_MANAGE,
            group="administration",
            order=31,
            waiting=queries.open_incidents,
        ),
        NavItem(N_("Sign-ins"), "security:sign_ins", Permission.SECURITY_SIGNIN_READ, group="administration", order=32),
    ),
    figures=(
        Figure(
            N_("Refused sign-ins in 24 hours"),
            "security:sign_ins",
            Permission.SECURITY_SIGNIN_READ,
            queries.refused_lately,
            order=30,
        ),
    ),
    actions={
        "security:judge": N_("Reviewed a stated reason"),
        "security:register_incident": N_("Registered a security incident"),
        "security:collect_evidence": N_("Collected evidence"),
        "security:close_incident": N_("Closed a security incident"),
        "security:files_changed": N_("Installed files differ from their sealed state"),
        "security:sign_ins_asked": N_("Asked the list of sign-ins"),
    },
)
