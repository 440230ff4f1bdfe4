"""Entering with a certificate, refused signatures, mandatory signatures."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.signatures.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "signatures",
    router=router,
    nav=(
        NavItem(
            N_("Mandatory signatures"),
            "signatures:rules",
            Permission.SIGNATURES_RULE_MANAGE,
            group="administration",
            order=30,
        ),
        NavItem(
            N_("Refused signatures"),
            "signatures:attempts",
            Permission.SIGNATURES_ATTEMPT_READ,
            group="administration",
            order=31,
        ),
    ),
    actions={
        "signatures:entered": N_("Signed in with an EDS"),
        "signatures:enter_refused": N_("Failed to sign in with an EDS"),
        "signatures:set_rule": N_("Changed where a signature is mandatory"),
    },
)
