"""What people are told about tasks whose kind says nothing of its own."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.notifications.notice import Notice

WAITS = Notice("tasks:waits", N_("A task waits for you"))
HANDED_OVER = Notice("tasks:handed_over", N_("A task was handed over to you"))
OVERDUE = Notice("tasks:overdue", N_("A task nobody did in time is passed up to you"))
