"""What this module tells people."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.notifications.notice import Notice

CRISIS = Notice("monitoring:crisis", N_("A patient watched at home has a critical value"))
