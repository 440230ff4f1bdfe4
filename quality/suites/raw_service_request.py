"""Referrals and orders: the wished date is not before the order."""

import datetime as dt

from quality.expectations.rules import NotBefore
from quality.suites.suite import Suite, fact_rules

SUITE = Suite(
    dataset="service_request",
    rules=(
        *fact_rules("code", "cancel_reason"),
        NotBefore("occurrence_date", "event_date", dt.timedelta(days=1), severity="flag", allowed=0.01),
    ),
)
