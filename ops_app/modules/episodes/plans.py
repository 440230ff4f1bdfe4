"""What other parts ask of the declared programmes: weeks of a pregnancy, what completes a screening."""

from __future__ import annotations

import datetime as dt

from ops_app.mechanisms.care_plan.declaration import PlanDefinition, Version, definition, definitions


def pregnancy_version(day: dt.date) -> Version:
    """The schedule of pregnancy care in force on a day."""
    return definition("pregnancy").on(day)


def due_date(lmp_date: dt.date) -> dt.date:
    """The expected day of birth."""
    return lmp_date + dt.timedelta(days=pregnancy_version(lmp_date).length_days or 0)


def gestation(lmp_date: dt.date, on: dt.date) -> tuple[int, int]:
    """Complete weeks and days of pregnancy."""
    return divmod((on - lmp_date).days, 7)


def screening_of(service_code: str, on: dt.date) -> tuple[PlanDefinition, Version] | None:
    """The screening programme that a service completes."""
    for found in definitions():
        version = found.on(on)
        closing = {code for match in version.closed_by for code in match.codes}
        if found.schedule == "yearly" and service_code in closing:
            return found, version
    return None
