"""Reports of storage commitment that devices wait for: kept until heard, tried again with growing waits."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ops_app.kit import clock
from ops_app.modules.imaging import untold
from ops_app.modules.imaging.models import CommitmentReport

log = logging.getLogger(__name__)

OVER_ITS_ASSOCIATION = dt.timedelta(minutes=2)
"""So long the association that asked has the report to itself."""
WAITS = tuple(dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600))
"""Between attempts to reach a device; the last one repeats."""
GIVEN_UP_AFTER = dt.timedelta(days=3)
"""Then somebody is told; the device may ask again at any time (PS3.4 section J.3.3)."""
LONGEST_REST = 60.0

Asked = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Owed:
    """A question that is not answered yet: pairs of SOP class and SOP instance UID."""

    id: int
    title: str
    transaction: str
    asked: Asked
    attempts: int


class Reports:
    """The table of reports; one gateway works on it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, title: str, transaction: str, asked: Asked) -> Owed:
        """Make a question durable; asked again it begins anew."""
        now = clock.now()
        values = {
            "asked": asked,
            "asked_at": now,
            "attempts": 0,
            "next_attempt_at": now + OVER_ITS_ASSOCIATION,
            "given_up_at": None,
        }
        row = insert(CommitmentReport).values(calling_ae=title, transaction_uid=transaction, **values)
        unique = [CommitmentReport.calling_ae, CommitmentReport.transaction_uid]
        with self._engine.begin() as connection:
            number = connection.execute(
                row.on_conflict_do_update(index_elements=unique, set_=values).returning(CommitmentReport.id)
            ).scalar_one()
        return Owed(number, title, transaction, asked, 0)

    def told(self, owed: Owed) -> None:
        """The device has heard it."""
        with self._engine.begin() as connection:
            connection.execute(delete(CommitmentReport).where(CommitmentReport.id == owed.id))

    def hurry(self, owed: Owed) -> None:
        """Make a report due now."""
        self._due_now(CommitmentReport.id == owed.id)

    def hurry_older(self, moment: dt.datetime) -> None:
        """Make every report due that was asked for before: whoever was to tell it is gone."""
        self._due_now(CommitmentReport.asked_at < moment)

    def _due_now(self, which: ColumnElement[bool]) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(CommitmentReport).where(which).values(next_attempt_at=clock.now()))

    def take(self) -> Iterator[Owed]:
        """Reports that are due, one by one; each is due again later, should this process end meanwhile."""
        while True:
            with Session(self._engine) as session, session.begin():
                row = session.scalar(
                    select(CommitmentReport)
                    .where(CommitmentReport.given_up_at.is_(None), CommitmentReport.next_attempt_at <= clock.now())
                    .order_by(CommitmentReport.next_attempt_at, CommitmentReport.id)
                    .limit(1)
                )
                if row is None:
                    return
                if row.asked_at < clock.now() - GIVEN_UP_AFTER:
                    log.warning("%s could not be told what is stored; somebody has to decide", row.calling_ae)
                    untold.give_up(session, row)
                    continue
                row.next_attempt_at = clock.now() + WAITS[min(row.attempts, len(WAITS) - 1)]
                row.attempts += 1
                pairs = [(sop_class, uid) for sop_class, uid in row.asked]
                owed = Owed(row.id, row.calling_ae, row.transaction_uid, pairs, row.attempts)
            yield owed

    def seconds_until_next(self) -> float:
        """How long nothing is due."""
        with self._engine.connect() as connection:
            waiting = select(func.min(CommitmentReport.next_attempt_at)).where(CommitmentReport.given_up_at.is_(None))
            due = connection.execute(waiting).scalar_one()
        return LONGEST_REST if due is None else min(LONGEST_REST, max(0.0, (due - clock.now()).total_seconds()))
