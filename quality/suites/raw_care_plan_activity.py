"""Planned steps of programmes: within the years a plan may reach."""

from quality.expectations.rules import Between
from quality.suites.suite import Suite, fact_rules

SUITE = Suite(
    dataset="care_plan_activity",
    rules=(*fact_rules("step", "cancel_reason"), Between("plan_year", 2000, 2100)),
)
