"""What this module tells people."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.notifications.notice import Notice

OVERDUE = Notice("personal_data:overdue", N_("A request about personal data was not answered in time"))
