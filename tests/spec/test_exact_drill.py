"""Promise 1: every published cell equals the number of rows its drill-down opens."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.spec.conftest import District

UNITS = ("organization", "site", "practitioner")


@pytest.mark.req("DASH-01", "DASH-02", "DWH-10")
@pytest.mark.parametrize("unit", UNITS)
def test_every_figure_is_a_count_of_its_cases(district: District, unit: str) -> None:
    """All indicators, units and periods at once, by one query beside the published figures."""
    column = {"organization": "organization_id", "site": "site_id", "practitioner": "practitioner_code"}[unit]
    for indicator in district.ask("indicators", "list"):
        code = indicator["code"]
        shown = district.ask("indicators", "show", code, "--by", unit)
        cases = district.ask(
            "query",
            "select organization_id, site_id, practitioner_code, period, in_numerator, in_denominator "
            f"from indicators.indicator_case where indicator_code = '{code}' and {column} is not null",
        )
        numerators: Counter[tuple[object, ...]] = Counter()
        denominators: Counter[tuple[object, ...]] = Counter()
        for case in cases:
            owner = case["site_id"] if unit == "site" else case["organization_id"]
            key = (owner, case["practitioner_code"] if unit == "practitioner" else None, case["period"])
            numerators[key] += case["in_numerator"]
            denominators[key] += case["in_denominator"]
        for row in shown:
            key = (
                row["organization_id"],
                row.get("practitioner_code") if unit == "practitioner" else None,
                row["period"],
            )
            assert None not in (row["organization_id"], row["period"], row["numerator"], row["denominator"])
            assert (row["numerator"], row["denominator"]) == (numerators[key], denominators[key]), (code, key)
        assert sum(row["denominator"] for row in shown) == denominators.total(), code


def test_the_cases_command_opens_the_rows_of_a_cell(district: District) -> None:
    for indicator in district.ask("indicators", "list"):
        code = indicator["code"]
        rows = district.ask("indicators", "show", code, "--by", "organization")
        assert rows, code
        row = max(rows, key=lambda r: (r["denominator"] < 200, r["denominator"]))
        cases = district.ask(
            "indicators", "cases", code, "--org", str(row["organization_id"]), "--period", row["period"]
        )
        assert sum(case["in_numerator"] for case in cases) == row["numerator"]
        assert sum(case["in_denominator"] for case in cases) == row["denominator"]
        assert all(
            {"case_id", "in_numerator", "in_denominator", "excluded_because", "evidence"} <= set(c) for c in cases
        )
        assert all(case["in_denominator"] or case["excluded_because"] for case in cases if not case["in_numerator"])


@pytest.mark.req("SCR-08", "SCR-09", "DWH-11")
def test_coverage_steps_only_narrow(district: District) -> None:
    for programme in ("breast", "cervix", "cvd_dm"):
        totals = []
        for step in ("listed", "recorded", "confirmed"):
            rows = district.ask("indicators", "show", f"screening_{programme}_{step}", "--by", "organization")
            totals.append((sum(r["denominator"] for r in rows), sum(r["numerator"] for r in rows)))
        eligible = {denominator for denominator, _ in totals}
        assert len(eligible) == 1
        assert totals[1][1] >= totals[2][1] > 0
        assert max(numerator for _, numerator in totals) <= eligible.pop()
