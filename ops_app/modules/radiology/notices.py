"""Kinds of notices that radiology sends."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.mechanisms.notifications.notice import Notice

REPORT_READY = Notice("radiology:report_ready", N_("A study you ordered has been read"))
REPORT_CORRECTED = Notice("radiology:report_corrected", N_("The report of a study you ordered has been corrected"))
CRITICAL_FINDING = Notice("radiology:critical_finding", N_("A study has a critical finding: open it now"))

NOTICES = (REPORT_READY, REPORT_CORRECTED, CRITICAL_FINDING)
