"""What the worker does for this module."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.personal_data import consents, notifying, requests


def watch_terms(engine: Engine) -> None:
    """Tell of requests whose last day has passed; close what expired consents opened."""
    with Session(engine) as session, session.begin():
        requests.tell_of_overdue(session, clock.today())
        consents.end_expired(session)


def notify_people(engine: Engine) -> None:
    """Tell people through the eGov cabinet who used and changed their data; every day that has not been told of."""
    with Session(engine) as session, session.begin():
        days = notifying.days_to_tell(session, clock.today() - dt.timedelta(days=1))
    for day in days:
        with Session(engine) as session, session.begin():
            notifying.tell_of_day(session, day)
