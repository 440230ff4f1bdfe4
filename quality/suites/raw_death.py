"""Deaths: the cause is known for most."""

from quality.expectations.rules import Required
from quality.suites.suite import Suite, fact_rules

SUITE = Suite(
    dataset="death",
    rules=(*fact_rules(), Required("cause_icd10", severity="flag", allowed=0.3)),
)
