"""Work lists of the treating team and the official's review of signals."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module, NavItem
from ops_app.modules.worklist.routes import router
from ops_app.permissions import Permission

MODULE = Module(
    "worklist",
    router=router,
    nav=(
        NavItem(N_("My day"), "worklist:my_day", Permission.WORKLIST_TASK_READ, group="day", order=0),
        NavItem(N_("Signal lists"), "worklist:signals", Permission.SIGNALS_CASE_READ, group="day", order=5),
    ),
    actions={
        "worklist:my_day": N_("Opened the work list"),
        "worklist:task": N_("Opened a case of the work list"),
        "worklist:answer": N_("Answered a case"),
        "worklist:case_opened": N_("Stated why a case is opened"),
        "worklist:case_read": N_("Opened a case without the person"),
        "worklist:decide": N_("Decided on a case"),
    },
)
