"""Vaccine doses: a dose number is a small number."""

from quality.expectations.rules import Between
from quality.suites.suite import Suite, fact_rules

SUITE = Suite(
    dataset="immunization",
    rules=(*fact_rules("code", "lot_number"), Between("dose_number", 1, 20)),
)
