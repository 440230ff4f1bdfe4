"""Prescriptions: they end after they began."""

from quality.expectations.rules import NotBefore
from quality.suites.suite import Suite, fact_rules

SUITE = Suite(
    dataset="medication_request",
    rules=(
        *fact_rules("code"),
        NotBefore("end_date", "event_date", severity="flag", allowed=0.01),
    ),
)
