"""Measurements and findings: units are identified, decoded and fit the code; values fit a living person."""

from quality.expectations.rules import Holds, Required
from quality.suites.suite import Suite, fact_rules
from quality.units import decode, with_limits

SUITE = Suite(
    dataset="observation",
    decode=decode,
    enrich=with_limits,
    rules=(
        *fact_rules("code", "value_code"),
        Holds("_unit_named", "unit.known", kind="unit", severity="flag", allowed=0.05),
        Holds("_unit_of_code", "unit.of_code", kind="unit"),
        Holds("_plausible", "value_number.plausible", kind="plausible"),
        Required("practitioner_code", severity="flag", allowed=0.5),
    ),
)
