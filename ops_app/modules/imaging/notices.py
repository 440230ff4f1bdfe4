"""Kinds of notices about images on their way."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.notifications.notice import Notice

UNTOLD = Notice("imaging:untold", N_("A device could not be told what is stored"))

NOTICES = (UNTOLD,)
