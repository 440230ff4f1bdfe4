"""What only the database can judge about hours and absences of staff."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from ops_app.errors import Invalid
from ops_app.i18n import _
from ops_app.kit.dates import show_date
from ops_app.kit.shifts import minutes_of, parse_shifts
from ops_app.modules.organizations.models import PractitionerRole
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.resources.models import WEEKDAYS

DAY = 24 * 60


def refuse_wrong_hours(session: Session, values: dict[str, Any]) -> None:
    """Refuse hours of a position elsewhere or outside its term, and a night shift that runs into the next morning's."""
    _refuse_wrong_position(session, values)
    for day, following in pairwise((*WEEKDAYS, WEEKDAYS[0])):
        night, morning = (parse_shifts(values[name] or "") for name in (day, following))
        if night and morning and minutes_of(night[-1])[1] - DAY > minutes_of(morning[0])[0]:
            raise Invalid(_("The night shift of the day before runs into these hours"), field=following)


def refuse_wrong_change(session: Session, values: dict[str, Any]) -> None:
    """Refuse an absence of a position elsewhere or outside its term, one that ends first, and hours out of place."""
    _refuse_wrong_position(session, values)
    if values["end_date"] is not None and values["end_date"] <= values["start_date"]:
        raise Invalid(_("The first day back lies after the first day"), field="end_date")
    if values["kind"] == "other_hours" and values["hours"] is None:
        raise Invalid(_("Write the hours of these days"), field="hours")
    if values["kind"] != "other_hours" and values["hours"] is not None:
        raise Invalid(_("An absence has no hours"), field="hours")


def _refuse_wrong_position(session: Session, values: dict[str, Any]) -> None:
    role = session.get(PractitionerRole, values["practitioner_role_id"])
    if role is None or role.organization_id not in descendant_ids(session, [values["organization_id"]]):
        raise Invalid(_("This position belongs to another facility"), field="practitioner_role_id")
    start = values["start_date"]
    if start < role.start_date:
        raise Invalid(_("The position begins on %(day)s", day=show_date(role.start_date)), field="start_date")
    if role.end_date is not None and start >= role.end_date:
        raise Invalid(_("The position ended on %(day)s", day=show_date(role.end_date)), field="start_date")
