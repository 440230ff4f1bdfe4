"""The hours of a doctor in words, beside a booking."""

from __future__ import annotations

from ops_app.i18n import _
from ops_app.kit.dates import show_date
from ops_app.modules.resources.staff_hours import DayPlan


def told(plan: DayPlan) -> str:
    """When the doctor works on the day, in one sentence."""
    if plan.hours:
        return _("On this day the doctor works at %(hours)s", hours=", ".join(plan.hours))
    if plan.back_on:
        return _("The doctor is away and is back on %(day)s", day=show_date(plan.back_on))
    return _("The doctor is away on this day") if plan.is_away else _("The doctor does not work on this day")
