"""What a study costs the patient, in words."""

from __future__ import annotations

from ops_app.i18n import _
from ops_app.kit.numbers import show_number


def dose_text(msv: float | None, dap: float | None, ctdivol: float | None) -> str:
    """A dose in words: 0,05 mSv · 1,2 dGy·cm²."""
    parts = []
    if msv is not None:
        parts.append(_("%(n)s mSv", n=show_number(msv)))
    if dap is not None:
        parts.append(_("%(n)s dGy·cm²", n=show_number(dap)))
    if ctdivol is not None:
        parts.append(_("CTDIvol %(n)s mGy", n=show_number(ctdivol)))
    return " · ".join(parts)
