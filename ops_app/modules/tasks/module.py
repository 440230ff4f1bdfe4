"""Work that waits for people, from whatever module it comes."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.task.notices import HANDED_OVER, OVERDUE, WAITS
from ops_app.module import Module, NavItem
from ops_app.modules.tasks.queries import count_own
from ops_app.modules.tasks.routes import router
from ops_app.modules.tasks.tasks import TASKS
from ops_app.permissions import Permission

MODULE = Module(
    "tasks",
    router=router,
    nav=(NavItem(N_("Tasks"), "tasks:list", Permission.WORKLIST_TASK_READ, group="day", order=2, waiting=count_own),),
    actions={
        "tasks:list": N_("Opened the list of tasks"),
        "tasks:task": N_("Opened a task"),
        "tasks:take_over": N_("Took a task over"),
        "tasks:hand_over": N_("Handed a task over"),
        "tasks:answer": N_("Answered a task"),
    },
    tasks=TASKS,
    notices=(WAITS, HANDED_OVER, OVERDUE),
)
