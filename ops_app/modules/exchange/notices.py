"""What this module tells people."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.notifications.notice import Notice

DEAD_LETTER = Notice("exchange:dead_letter", N_("A message to another system needs your decision"))
