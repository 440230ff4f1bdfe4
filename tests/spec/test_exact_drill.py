"""Promise 1: every published cell equals the number of rows its drill-down opens."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest

from tests.spec.conftest import YEARS, District
from warehouse import query

UNITS: tuple[query.Unit, ...] = ("organization", "site", "practitioner")
COLUMNS = {
    "organization": ("organization_id",),
    "site": ("site_id",),
    "practitioner": ("organization_id", "practitioner_code"),
}

VISITS_BY_MONTH = """
    with recorded as (
        select encounter.*, (encounter.event_at at time zone 'Asia/Almaty')::date as day,
            coalesce(link.patient_id, encounter.patient_id) as person
        from visits.encounter
        left join patients.patient_link link
            on link.other_patient_id = encounter.patient_id and link.unlinked_at is null
    )
    select to_char(recorded.day, 'YYYY-MM'), count(*)
    from recorded
    join organizations.organization on organization.id = recorded.organization_id
    where recorded.status = 'finished' and recorded.encounter_class in ('ambulatory', 'home', 'virtual')
        and recorded.entered_in_error_at is null and recorded.disposition is distinct from 'nobody_home'
        and not organization.is_external
        and not exists (
            select from deaths.death
            where death.patient_id = recorded.person and death.entered_in_error_at is null
                and (death.event_at at time zone 'Asia/Almaty')::date < recorded.day
        )
    group by 1
"""


@pytest.mark.req("DASH-01", "DASH-02", "DWH-10")
@pytest.mark.parametrize("unit", UNITS)
def test_every_figure_is_a_count_of_its_cases(district: District, unit: query.Unit) -> None:
    """Every indicator, unit and period: each cell against the rows counted one by one."""
    columns = COLUMNS[unit]
    with district.warehouse():
        codes = [str(row["code"]) for row in query.indicator_catalog()]
        assert codes
        for code in codes:
            numerators: Counter[tuple[Any, ...]] = Counter()
            denominators: Counter[tuple[Any, ...]] = Counter()
            for case in query.indicator_cases(code):
                key = (*(case[column] for column in columns), case["period"])
                if None not in key:
                    numerators[key] += bool(case["in_numerator"])
                    denominators[key] += bool(case["in_denominator"])
            shown = query.indicator_figures(code, unit)
            names = ("organization_id", "practitioner_code") if unit == "practitioner" else ("organization_id",)
            for row in shown:
                key = (*(row[name] for name in names), row["period"])
                assert None not in row.values(), (code, row)
                assert (row["numerator"], row["denominator"]) == (numerators[key], denominators[key]), (code, key)
            assert sum(int(str(row["denominator"])) for row in shown) == denominators.total(), code


@pytest.mark.req("DASH-01")
def test_the_commands_show_and_cases_agree(district: District) -> None:
    for code in ("visit_structure", "screening_breast_confirmed"):
        rows = district.ask("indicators", "show", code, "--by", "organization")
        row = max(rows, key=lambda r: r["numerator"])
        cases = district.ask(
            "indicators", "cases", code, "--org", str(row["organization_id"]), "--period", row["period"]
        )
        assert sum(case["in_numerator"] for case in cases) == row["numerator"] > 0
        assert sum(case["in_denominator"] for case in cases) == row["denominator"]
        wanted = {"case_id", "in_numerator", "in_denominator", "excluded_because", "evidence"}
        assert all(wanted <= set(case) for case in cases)
        assert all(case["excluded_because"] for case in cases if not case["in_denominator"])


@pytest.mark.req("SCR-08", "SCR-09", "DWH-11")
def test_coverage_steps_only_narrow(district: District) -> None:
    with district.warehouse():
        for programme in ("breast", "cervix", "cvd_dm"):
            totals = []
            for step in ("listed", "recorded", "confirmed"):
                rows = query.indicator_figures(f"screening_{programme}_{step}", "organization")
                totals.append([sum(int(str(row[name])) for row in rows) for name in ("denominator", "numerator")])
            eligible = {denominator for denominator, _ in totals}
            assert len(eligible) == 1
            assert totals[1][1] >= totals[2][1] > 0
            assert max(numerator for _, numerator in totals) <= eligible.pop()


@pytest.mark.req("DWH-04")
def test_statistics_are_counted_from_the_records_of_people(district: District) -> None:
    """The summary of visits by month, beside the same count over the named records of the operational database."""
    with psycopg.connect(district.installation.settings.libpq_url("owner")) as connection:
        counted = connection.execute(VISITS_BY_MONTH).fetchall()
    shown: Counter[str] = Counter()
    for row in district.ask("indicators", "show", "visit_structure", "--by", "organization"):
        assert not {"patient_key", "case_id"} & set(row)
        shown[row["period"]] += row["denominator"]
    assert len(counted) >= 12 * YEARS
    assert {period: count for period, count in shown.items() if count} == dict(counted)
