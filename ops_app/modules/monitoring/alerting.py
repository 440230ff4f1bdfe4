"""Whether a value opens an alert, joins the open one, raises it, or shows that it is over; pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from ops_app.modules.monitoring.limits import Level


class Step(StrEnum):
    """What a value does to the alerts of its group."""

    NOTHING = "nothing"
    OPEN = "open"
    JOIN = "join"
    RAISE = "raise"
    """An open alert becomes critical."""
    BACK = "back"
    """One more value in a row that is back inside."""
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Standing:
    """The open alert of a group, or the one that was closed last."""

    level: Level
    is_open: bool
    worst: float
    """The largest deviation so far."""
    last_at: dt.datetime
    closed_at: dt.datetime | None = None
    back_in_a_row: int = 0


def step(
    standing: Standing | None,
    level: Level,
    deviation: float,
    at: dt.datetime,
    *,
    is_back: bool,
    suppress: dt.timedelta,
    needed_back: int,
) -> Step:
    """What to do with one value. An older value than the newest seen never ends an alert."""
    if standing is not None and standing.is_open:
        if level is Level.CRITICAL and standing.level is not Level.CRITICAL:
            return Step.RAISE
        if level is not Level.NORMAL:
            return Step.JOIN
        if not is_back or at < standing.last_at:
            return Step.NOTHING
        # a critical alert is closed by what was done, never by a better value alone
        if standing.level is Level.CRITICAL or standing.back_in_a_row + 1 < needed_back:
            return Step.BACK
        return Step.CLOSE
    if level is Level.NORMAL:
        return Step.NOTHING
    if standing is None or standing.closed_at is None or at - standing.closed_at >= suppress:
        return Step.OPEN
    # what was just dealt with may stay out of limits for a while; only a worse state is news
    is_worse = deviation > standing.worst or (level is Level.CRITICAL and standing.level is not Level.CRITICAL)
    return Step.OPEN if is_worse else Step.NOTHING
