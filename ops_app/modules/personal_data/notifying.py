"""Messages to people about the use and change of their data: one a person and day, through the eGov cabinet.

A message says when, at which organisation and by what right; never what was found or who of the staff it was.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.kit.day_range import within_days
from ops_app.mechanisms.outbox import outbox
from ops_app.modules.accounts.queries import home_node
from ops_app.modules.audit.models import Event
from ops_app.modules.organizations.models import Organization
from ops_app.modules.organizations.queries import organization_of
from ops_app.modules.patients.models import Patient
from ops_app.modules.personal_data.models import Cabinet, NoticeDay

SYSTEM = "egov_cabinet"
MOST_DAYS = 31


def days_to_tell(session: Session, last: dt.date) -> list[dt.date]:
    """Days up to ``last`` that nobody was told of since the telling began, a month at most."""
    newest = session.scalar(select(func.max(NoticeDay.day)))
    first = max(newest + dt.timedelta(days=1), last - dt.timedelta(days=MOST_DAYS - 1)) if newest else last
    return [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]


def tell_of_day(session: Session, day: dt.date) -> int:
    """Queue the messages of one day that is over; returns how many people are told."""
    if session.get(NoticeDay, day) is not None:
        return 0
    rows = session.execute(
        select(Event, Patient.iin)
        .join(Cabinet, Cabinet.patient_id == Event.patient_id)
        .join(Patient, Patient.id == Event.patient_id)
        .where(
            Cabinet.is_registered,
            Patient.iin.is_not(None),
            Event.kind.in_(("read", "write")),
            *within_days(Event.at, day, day),
        )
        .order_by(Event.id)
    )
    uses: dict[tuple[int, str], dict[tuple[str, str, str], list[dt.datetime]]] = defaultdict(lambda: defaultdict(list))
    places = _Places(session)
    for event, iin in rows:
        if event.patient_id is None or iin is None:
            continue
        what = "use" if event.kind == "read" else "change"
        key = (what, places.of(event.account_id), event.rule or "")
        uses[(event.patient_id, iin)][key].append(event.at)
    for (patient_id, iin), told in uses.items():
        body = {"iin": iin, "date": day.isoformat(), "events": [_line(key, times) for key, times in told.items()]}
        outbox.put(session, SYSTEM, "data_use", f"data_use:{patient_id}:{day}", body, patient_id=patient_id)
    session.add(NoticeDay(day=day, people=len(uses), made_at=clock.now()))
    return len(uses)


def _line(key: tuple[str, str, str], times: list[dt.datetime]) -> dict[str, Any]:
    what, place, rule = key
    return {
        "what": what,
        "organization": place,
        "right": rule,
        "times": len(times),
        "first_at": times[0].isoformat(),
        "last_at": times[-1].isoformat(),
    }


class _Places:
    """The organisation an account works for, looked up once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: dict[int | None, str] = {None: ""}

    def of(self, account_id: int | None) -> str:
        if account_id not in self.known:
            node = home_node(self.session, account_id)
            place: Organization | None = None
            if node is not None:
                place = organization_of(self.session, node) or self.session.get(Organization, node)
            self.known[account_id] = place.name_kk if place else ""
        return self.known[account_id]
