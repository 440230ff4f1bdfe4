"""Contacts with care; only a planned one may lie ahead."""

import datetime as dt

from quality.expectations.rules import NotBefore, Required
from quality.suites.suite import CLOCK_SLACK, Suite, fact_rules

LONGEST_STAY = dt.timedelta(days=3 * 365)

SUITE = Suite(
    dataset="encounter",
    rules=(
        *fact_rules(future=("status", ("planned",))),
        NotBefore("extracted_at", "end_at", CLOCK_SLACK, unless=("status", ("planned", "in_progress"))),
        NotBefore("event_at", "end_at", LONGEST_STAY, severity="flag", allowed=0.001),
        NotBefore("end_known_at", "end_at", CLOCK_SLACK),
        Required("practitioner_code", severity="flag", allowed=0.5),
    ),
)
