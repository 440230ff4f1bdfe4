"""Services rendered."""

from quality.suites.suite import Suite, fact_rules

SUITE = Suite(dataset="procedure", rules=fact_rules("code", "programme", "result_code"))
