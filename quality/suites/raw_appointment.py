"""Bookings: made before their time, and for a foreseeable time."""

import datetime as dt

from quality.expectations.rules import NotBefore
from quality.suites.suite import CLOCK_SLACK, Suite, fact_rules

FARTHEST_BOOKING = dt.timedelta(days=2 * 365)

SUITE = Suite(
    dataset="appointment",
    rules=(
        *fact_rules("cancel_reason"),
        NotBefore("start_at", "event_at", CLOCK_SLACK, severity="flag", allowed=0.01),
        NotBefore("event_at", "start_at", FARTHEST_BOOKING, severity="flag", allowed=0.01),
    ),
)
