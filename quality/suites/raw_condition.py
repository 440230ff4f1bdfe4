"""Diagnoses: imported codes without an ICD-10 code stay, and their share is watched."""

from quality.expectations.rules import NoPerson, NotBefore, Required
from quality.suites.suite import CLOCK_SLACK, Suite, fact_rules

SUITE = Suite(
    dataset="condition",
    rules=(
        *fact_rules("original_code"),
        NoPerson("original_system"),
        NotBefore("abated_at", "event_at", CLOCK_SLACK, severity="flag", allowed=0.01),
        Required("icd10", severity="flag", allowed=0.2),
    ),
)
