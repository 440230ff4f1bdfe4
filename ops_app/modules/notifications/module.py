"""Notices in the app and by e-mail."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.module import Module
from ops_app.modules.notifications.routes import router
from ops_app.modules.notifications.tasks import TASKS

MODULE = Module(
    "notifications",
    router=router,
    actions={"notifications:save_settings": N_("Changed what comes by e-mail")},
    tasks=TASKS,
)
