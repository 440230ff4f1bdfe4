"""The journal of reads and changes."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.audit.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "audit",
    router=router,
    nav=(
        NavItem(N_("Audit journal"), "audit:journal", Permission.AUDIT_JOURNAL_READ, group="administration", order=20),
    ),
    actions={
        "audit:journal_asked": N_("Asked the audit journal"),
        "audit:exported": N_("Exported the audit journal"),
        "audit:backup_restored": N_("Restored a backup"),
    },
)
