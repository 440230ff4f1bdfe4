"""Names of programmes and their steps as staff read them."""

from __future__ import annotations

from ops_app.i18n import N_, _

PROGRAMMES = {
    "pregnancy": N_("Pregnancy"),
    "dispensary": N_("D-register"),
    "breast": N_("Breast screening"),
    "cervix": N_("Cervical screening"),
    "cvd_dm": N_("Heart and diabetes screening"),
    "fluorography": N_("Fluorography"),
}


def step_title(step: str, plan_year: int | None = None) -> str:
    """A step of a programme: "visit 3", "list of 2026"."""
    if step == "listed":
        return _("list of %(year)s", year=plan_year)
    if step.startswith("visit_"):
        return _("visit %(number)s", number=step.removeprefix("visit_"))
    if step == "examination":
        return _("examination of %(year)s", year=plan_year)
    if step == "control":
        return _("control visit")
    return step
