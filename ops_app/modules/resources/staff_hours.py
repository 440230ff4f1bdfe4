"""When a member of staff works on a day: the ordinary week, absences and other hours, the calendar of the country."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops_app.kit import clock, working_days
from ops_app.kit.shifts import minutes_of, parse_shifts
from ops_app.modules.organizations.models import PractitionerRole
from ops_app.modules.organizations.queries import descendant_ids
from ops_app.modules.resources.models import WEEKDAYS, StaffChange, StaffHours

DAY = dt.timedelta(days=1)
T = TypeVar("T", StaffHours, StaffChange)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What is written about one day of a member of staff in a facility."""

    hours: tuple[str, ...] = ()
    """As written, one entry a position."""
    is_away: bool = False
    back_on: dt.date | None = None
    """First day back of somebody who is away, where it is known."""


def plan_of(session: Session, practitioner_id: int, organization_id: int, day: dt.date) -> DayPlan | None:
    """The day of a member of staff in a facility; None where no hours are written for one of the positions."""
    roles = _roles(session, practitioner_id, organization_id, day)
    if not roles:
        return None
    weeks = {row.practitioner_role_id: row for row in _counting(session, StaffHours, roles, day)}
    changes = {row.practitioner_role_id: row for row in _counting(session, StaffChange, roles, day)}
    away = [changes[role] for role in roles if role in changes and changes[role].hours is None]
    if len(away) == len(roles):
        ends = [row.end_date for row in away if row.end_date is not None]
        return DayPlan(is_away=True, back_on=min(ends) if ends else None)
    hours = []
    for role in roles:
        if role in changes:
            hours.append(changes[role].hours)
        elif role in weeks:
            hours.append(hours_of(weeks[role], day))
        else:
            return None
    return DayPlan(hours=tuple(each for each in hours if each))


def hours_of(week: StaffHours, day: dt.date) -> str | None:
    """The hours of an ordinary week on a day; none on a day off of the calendar, unless the position works then."""
    is_day_off = working_days.exceptions().get(day) is False
    if is_day_off and not week.on_holidays:
        return None
    written: str | None = getattr(week, WEEKDAYS[day.weekday()])
    return written


def is_within(
    session: Session, practitioner_id: int, organization_id: int, start_at: dt.datetime, end_at: dt.datetime
) -> bool:
    """Whether a time lies within the hours of its day, or of a night shift of the day before."""
    day = clock.local(start_at).date()
    spans: list[tuple[dt.datetime, dt.datetime]] = []
    for each in (day - DAY, day):
        plan = plan_of(session, practitioner_id, organization_id, each)
        if plan is None:
            if each == day:
                return True
            continue
        midnight = clock.from_local(each)
        for written in plan.hours:
            for shift in parse_shifts(written) or ():
                first, last = (midnight + dt.timedelta(minutes=minute) for minute in minutes_of(shift))
                spans.append((first, last))
    reached = start_at
    for begin, end in sorted(spans):
        if begin <= reached < end:
            reached = end
    return reached >= end_at


def coming(session: Session, table: type[T], role_ids: Collection[int], on: dt.date) -> Sequence[T]:
    """Weeks, or absences and other hours, of positions that count on a day or later, by their first day."""
    return session.scalars(
        select(table)
        .where(table.practitioner_role_id.in_(role_ids))
        .where(table.end_date.is_(None) | (table.end_date > on))
        .where(table.end_date.is_distinct_from(table.start_date))
        .order_by(table.start_date, table.id)
    ).all()


def _roles(session: Session, practitioner_id: int, organization_id: int, day: dt.date) -> Sequence[int]:
    return session.scalars(
        select(PractitionerRole.id)
        .where(
            PractitionerRole.practitioner_id == practitioner_id,
            PractitionerRole.organization_id.in_(descendant_ids(session, [organization_id])),
            PractitionerRole.start_date <= day,
            PractitionerRole.end_date.is_(None) | (PractitionerRole.end_date > day),
        )
        .order_by(PractitionerRole.id)
    ).all()


def _counting(session: Session, table: type[T], roles: Sequence[int], day: dt.date) -> Sequence[T]:
    return session.scalars(
        select(table)
        .where(table.practitioner_role_id.in_(roles), table.start_date <= day)
        .where(table.end_date.is_(None) | (table.end_date > day))
    ).all()
