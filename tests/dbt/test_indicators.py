"""Figures of the hand-made district: numerators, denominators, reasons, and exact drill-down."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Told
from tests.dbt.district import POLYCLINIC

Figure = tuple[int, int]


def figure(told: Told, code: str, period: str, organization: int = POLYCLINIC) -> Figure:
    """Denominator and numerator of an organisation."""
    [row] = told.rows(
        "select count(*) filter (where in_denominator), count(*) filter (where in_numerator) "
        "from indicators.indicator_case "
        f"where indicator_code = '{code}' and period = '{period}' and organization_id = {organization}"
    )
    return int(str(row[0])), int(str(row[1]))


def reasons(told: Told, code: str, period: str) -> dict[str, object]:
    """Person → why she is not counted, None when she is."""
    rows = told.rows(
        "select patient_key, excluded_because from indicators.indicator_case "
        f"where indicator_code = '{code}' and period = '{period}'"
    )
    return {str(person): reason for person, reason in rows}


@pytest.mark.req("SCR-01", "SCR-08", "DWH-11")
@pytest.mark.parametrize(
    ("person", "because"),
    [
        ("confirmed", None),
        ("not listed", None),
        ("nobody came", None),
        ("odd age", None),
        ("newcomer", None),
        ("found", None),
        ("done last year", "done_within_interval"),
        ("patient of oncologist", "on_dispensary_register"),
        ("dead and screened", "dead"),
        ("moved away", "moved"),
    ],
)
def test_who_is_eligible_for_breast_screening(told: Told, person: str, because: str | None) -> None:
    assert reasons(told, "screening_breast_recorded", "2026-11")[person] == because


def test_nobody_of_another_age_or_sex_is_eligible(told: Told) -> None:
    people = reasons(told, "screening_breast_recorded", "2026-11")
    assert "patient" not in people
    assert "stent" not in people
    assert "newcomer" not in reasons(told, "screening_breast_recorded", "2026-09")


@pytest.mark.req("SCR-08", "DWH-11")
@pytest.mark.parametrize(
    ("step", "people"),
    [
        ("listed", {"confirmed", "typed", "nobody came", "odd age"}),
        ("recorded", {"confirmed", "typed", "not listed", "found"}),
        ("confirmed", {"confirmed", "not listed", "found"}),
    ],
)
def test_steps_of_coverage(told: Told, step: str, people: set[str]) -> None:
    rows = told.rows(
        "select patient_key from indicators.indicator_case "
        f"where indicator_code = 'screening_breast_{step}' and period = '2026-11' and in_numerator"
    )
    assert {person for (person,) in rows} == people


def test_impossible_services_are_seen_and_not_counted(told: Told) -> None:
    rows = told.rows(
        "select patient_key, evidence from indicators.indicator_case "
        "where indicator_code = 'screening_breast_recorded' and period = '2026-11' "
        "and (evidence like '%services_after_death%' or evidence like '%repeated_services%')"
    )
    assert dict(rows) == {
        "dead and screened": '{"rule_version":"2","services_after_death":1}',
        "confirmed": '{"rule_version":"2","listed":"2025-11-15","recorded":"2026-05-04",'
        '"confirmed":"2026-05-04","repeated_services":1}',
    }


def test_coverage_grows_through_the_year(told: Told) -> None:
    found = [
        figure(told, "screening_breast_recorded", period)[1] for period in ("2026-05", "2026-07", "2026-08", "2026-09")
    ]
    assert found == [1, 2, 3, 4]


@pytest.mark.req("DASH-02")
def test_visit_structure_counts_confirmed_presence(told: Told) -> None:
    assert figure(told, "visit_structure", "2026-09") == (3, 1)
    missed = told.ids["nobody home"]
    assert told.rows(
        f"select excluded_because from indicators.indicator_case where case_id = 'encounter:{missed}'"
    ) == [("nobody_home",)]


def test_new_disease_is_told_from_the_same_disease(told: Told) -> None:
    rows = told.rows(
        "select period, dimension, in_denominator, in_numerator, excluded_because from indicators.indicator_case "
        "where indicator_code = 'morbidity' and patient_key = 'patient' order by event_date"
    )
    assert rows == [
        ("2025-10", "E10-E14", True, False, None),
        ("2026-09", "J00-J06", True, True, None),
        ("2026-09", "J00-J06", False, False, "same_case"),
        ("2026-09", "I10-I15", True, True, None),
        ("2026-10", "E10-E14", True, False, None),
        ("2026-10", "I10-I15", False, False, "repeat_in_year"),
        ("2026-10", "J00-J06", True, True, None),
        ("2026-11", "unmapped", False, False, "unmapped_code"),
    ]


def test_attached_population_follows_moves_and_deaths(told: Told) -> None:
    september = reasons(told, "attached_population", "2026-09")
    november = reasons(told, "attached_population", "2026-11")
    assert september["left"] is None
    assert "left" not in november
    assert "newcomer" not in september
    assert november["newcomer"] is None
    assert november["at home"] == "dead"
    assert "very old" not in november


@pytest.mark.req("MAT-10")
def test_early_registration_among_all_pregnancies(told: Told) -> None:
    rows = told.rows(
        "select patient_key, in_numerator, dimension from indicators.indicator_case "
        "where indicator_code = 'pregnancies_registered' and period = '2026-11' and in_denominator"
    )
    assert sorted(rows) == [
        ("born", False, "unregistered_outcome"),
        ("complete", True, "before_12_weeks"),
        ("lost late", False, "unregistered_outcome"),
        ("new card", True, "before_12_weeks"),
        ("no risk", False, "from_12_weeks"),
    ]


@pytest.mark.req("MAT-11")
def test_missed_visits_among_those_due(told: Told) -> None:
    rows = told.rows(
        "select patient_key, in_numerator, excluded_because from indicators.indicator_case "
        "where indicator_code = 'missed_antenatal_visits' and period = '2026-11'"
    )
    missed = {person for person, numerator, _ in rows if numerator}
    assert missed == {"silent", "risky", "empty house", "came late", "delivered"}
    assert {person: reason for person, _, reason in rows if reason} == {
        "in grace": "not_due",
        "miscarried": "pregnancy_outcome",
    }


def test_numerator_is_part_of_the_denominator_and_every_exclusion_has_a_reason(told: Told) -> None:
    wrong = told.rows(
        "select indicator_code, case_id from indicators.indicator_case "
        "where in_numerator and not in_denominator or in_denominator = (excluded_because is not null) "
        "or in_denominator is null or in_numerator is null"
    )
    assert wrong == []


@pytest.mark.req("DASH-01")
def test_a_case_stands_once_in_its_period(told: Told) -> None:
    repeated = told.rows(
        "select indicator_code, period, case_id from indicators.indicator_case group by all having count(*) > 1"
    )
    assert repeated == []


@pytest.mark.req("I18N-01")
def test_catalogue_names_every_indicator_in_three_languages(told: Told) -> None:
    codes = {code for (code,) in told.rows("select distinct indicator_code from indicators.indicator_case")}
    rows = told.rows("select * from indicators.catalog")
    assert {row[0] for row in rows} == codes
    assert all(all(row) for row in rows)


def test_one_current_row_for_each_person(told: Told) -> None:
    people = len(told.district.lake.newest("patient"))
    assert told.rows("select count(*) from marts.dim_patient where is_current") == [(people,)]
