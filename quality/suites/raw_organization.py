"""The organisation tree: places lie in Kazakhstan, and codes name no person."""

from quality.expectations.rules import Between, NoPerson, Required
from quality.suites.suite import Suite

SUITE = Suite(
    dataset="organization",
    rules=(
        # 40°N–56°N and 46°E–88°E; an import from elsewhere is flagged and stays
        Between("latitude", 40, 56, severity="flag", allowed=1.0),
        Between("longitude", 46, 88, severity="flag", allowed=1.0),
        Required("kato_code", severity="flag", allowed=0.9),
        NoPerson("source_system"),
    ),
)
