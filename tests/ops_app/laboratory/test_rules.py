"""Ranges, flags, changes, calculations, numbers and symbols: rules that need no database."""

from __future__ import annotations

import datetime as dt
import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_app.kit.barcode import code128_svg, code128_values, datamatrix, datamatrix_svg
from ops_app.mechanisms.questionnaire.evaluation import Facts, evaluate
from ops_app.modules.laboratory import numbers
from ops_app.modules.laboratory.card import Document
from ops_app.modules.laboratory.loading import expression, shipped
from ops_app.modules.laboratory.models import Parameter, ReferenceRange, Report
from ops_app.modules.laboratory.ranges import Subject, age_in_days, choose, days_of, delta_exceeded, flag_of
from ops_app.modules.laboratory.values import Value, converted, judged, read_value, same_unit

TODAY = dt.date(2026, 11, 22)
_keys = itertools.count(1)


def a_range(**values: object) -> ReferenceRange:
    known: dict[str, Any] = {"id": next(_keys), "age_from_days": 0, "valid_from": dt.date(2020, 1, 1)}
    return ReferenceRange(**(known | values))


def limits(**values: float) -> SimpleNamespace:
    return SimpleNamespace(**({"low": None, "high": None, "critical_low": None, "critical_high": None} | values))


@given(born=st.dates(dt.date(1900, 1, 1), dt.date(2025, 12, 31)), years=st.integers(0, 110))
def test_an_age_limit_falls_on_the_birthday(born: dt.date, years: int) -> None:
    try:
        birthday = born.replace(year=born.year + years)
    except ValueError:
        birthday = dt.date(born.year + years, 3, 1)
    assert age_in_days(born, birthday) >= days_of(years, "y")
    if years:
        assert age_in_days(born, birthday - dt.timedelta(days=1)) < days_of(years, "y")


@given(born=st.dates(dt.date(1950, 1, 1), dt.date(2020, 1, 1)), days=st.integers(0, 20_000))
def test_age_never_goes_back(born: dt.date, days: int) -> None:
    on = born + dt.timedelta(days=days)
    assert age_in_days(born, on) <= age_in_days(born, on + dt.timedelta(days=1))


@pytest.mark.req("LAB-23")
def test_the_range_that_says_most_about_the_person_holds() -> None:
    everybody = a_range(low=1, high=2)
    women = a_range(sex="female", low=3, high=4)
    pregnant = a_range(sex="female", trimester=0, low=5, high=6)
    second = a_range(sex="female", trimester=2, low=7, high=8)
    method = a_range(method="ELISA", low=9, high=10)
    own = a_range(organization_id=5, low=11, high=12)
    listed = [own, second, method, everybody, women, pregnant]
    adult: dict[str, Any] = {"age_days": 10_000, "on": TODAY}
    assert choose(listed, Subject("male", **adult)) is everybody
    assert choose(listed, Subject("female", **adult)) is women
    assert choose(listed, Subject("female", trimester=1, **adult)) is pregnant
    assert choose(listed, Subject("female", trimester=2, **adult)) is second
    assert choose(listed, Subject("female", method="ELISA", **adult)) is method
    assert choose(listed, Subject("female", laboratory_id=5, **adult)) is own
    assert choose([second], Subject("female", **adult)) is None


@pytest.mark.req("LAB-23")
def test_a_range_holds_within_its_days() -> None:
    old = a_range(high=5, valid_to=dt.date(2026, 1, 1))
    new = a_range(high=6, valid_from=dt.date(2026, 1, 1))
    before, after = Subject("male", 9_000, dt.date(2025, 12, 31)), Subject("male", 9_000, dt.date(2026, 1, 1))
    assert choose([old, new], before) is old
    assert choose([old, new], after) is new


@given(
    value=st.floats(-1e6, 1e6),
    bounds=st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4).map(sorted),
)
def test_a_flag_says_where_a_value_lies(value: float, bounds: list[float]) -> None:
    far_low, low, high, far_high = bounds
    found = flag_of(value, limits(low=low, high=high, critical_low=far_low, critical_high=far_high))
    expected = "LL" if value < far_low else "L" if value < low else "HH" if value > far_high else "H"
    assert found == ("N" if low <= value <= high else expected)


@given(value=st.floats(0, 100), low=st.floats(1, 50), high=st.floats(51, 99), less=st.floats(0, 200))
def test_a_comparator_says_only_what_holds_for_every_value_it_stands_for(
    value: float, low: float, high: float, less: float
) -> None:
    said = limits(low=low, high=high)
    below, above = flag_of(value, said, "<"), flag_of(value, said, ">")
    assert below in (None, "L") and above in (None, "H")
    assert below is None or flag_of(value - less - 1e-6, said) == below
    assert above is None or flag_of(value + less + 1e-6, said) == above


@pytest.mark.parametrize(
    ("value", "comparator", "bounds", "flag"),
    [
        # troponin under the limit of detection: nothing lies below nothing
        (0.5, "<", {"low": 0.0, "high": 14.0}, "N"),
        # a reagent that only tells up to ten says nothing about an upper limit of five
        (10.0, "<", {"high": 5.0}, None),
        (0.5, "<", {"low": 0.4, "high": 4.0}, None),
        (3.5, "<", {"low": 3.5, "high": 5.1}, "L"),
        (3.5, "<=", {"low": 3.5, "high": 5.1}, None),
        (2.5, "<", {"low": 3.5, "high": 5.1, "critical_low": 2.5}, "LL"),
        (1000.0, ">", {"low": 150.0, "high": 400.0, "critical_high": 1000.0}, "HH"),
        (60.0, ">=", {"low": 60.0}, "N"),
        (60.0, ">", {"low": 90.0}, None),
    ],
)
def test_a_value_at_the_end_of_the_range_of_its_method(
    value: float, comparator: str, bounds: dict[str, float], flag: str | None
) -> None:
    assert flag_of(value, limits(**bounds), comparator) == flag


def test_without_limits_there_is_no_flag() -> None:
    assert flag_of(5, None) is None
    assert flag_of(5, limits()) is None


@given(earlier=st.floats(0.1, 1e4), percent=st.floats(1, 200))
def test_a_change_is_measured_from_the_earlier_value(earlier: float, percent: float) -> None:
    change = earlier * percent / 100
    assert not delta_exceeded(earlier + change * 0.99, earlier, percent)
    assert delta_exceeded(earlier + change * 1.01, earlier, percent)
    assert delta_exceeded(earlier - change * 1.01, earlier, percent)
    assert not delta_exceeded(earlier, earlier, percent)
    assert not delta_exceeded(earlier * 9, earlier, None)


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "rate"),
    # worked with the calculator of the National Kidney Foundation
    [(88.4, 50, "male", 92), (88.4, 50, "female", 69), (176.8, 70, "male", 35), (61.9, 30, "female", 120)],
)
def test_the_filtration_rate_is_worked_out(creatinine: float, age: float, sex: str, rate: float) -> None:
    declared = next(each for each in shipped().parameters if each.code == "EGFR")
    tree = expression(declared.formula or "", {"CREA"})
    found = evaluate(tree, Facts({"CREA": creatinine, "patient_age_years": age, "patient_sex": sex}))
    assert isinstance(found, float)
    assert abs(found - rate) < 1
    child = evaluate(tree, Facts({"CREA": creatinine, "patient_age_years": 9.0, "patient_sex": sex}))
    assert child is None


def test_the_catalogue_is_whole() -> None:
    catalogue = shipped()
    codes = [parameter.code for parameter in catalogue.parameters]
    assert len(codes) == len(set(codes)) >= 60
    assert len(catalogue.services) >= 25
    used = {code for service in catalogue.services for code in service.parameters}
    assert used <= set(codes)
    assert {service.code for service in catalogue.services} >= {rule.adds for rule in catalogue.reflex}
    for parameter in catalogue.parameters:
        assert all(each.source in catalogue.sources for each in parameter.ranges)


@pytest.mark.req("LAB-15")
def test_what_is_typed_is_read_by_the_type_of_the_parameter() -> None:
    from ops_app.errors import Invalid

    potassium = Parameter(code="K", kind="numeric", possible_low=1, possible_high=12)
    assert read_value(potassium, "4,1") == Value(number=4.1)
    assert read_value(potassium, "≤ 2.5") == Value(number=2.5, comparator="<=")
    for wrong in ("abc", "41", "4,1,2", ""):
        with pytest.raises(Invalid) as refused:
            read_value(potassium, wrong)
        assert refused.value.field == "K"
    titre = Parameter(code="RPR", kind="titre", normal_titre=0)
    assert read_value(titre, "1:8") == Value(number=8.0)
    assert judged(titre, Value(number=8.0), None) == "A"
    found = Parameter(
        code="HBSAG",
        kind="enumerated",
        choices=[{"code": "positive", "abnormal": True, "critical": False}],
    )
    assert read_value(found, "positive") == Value(code="positive")
    assert judged(found, Value(code="positive"), None) == "A"
    with pytest.raises(Invalid):
        read_value(found, "perhaps")
    assert read_value(Parameter(code="T", kind="text"), " yellow ") == Value(text="yellow")


def test_units_are_recognised_and_converted_or_refused() -> None:
    haemoglobin = Parameter(code="HGB", kind="numeric", unit="g/L", conversions={"g/dL": 10})
    assert converted(haemoglobin, 13.8, "g/dL") == 138
    assert converted(haemoglobin, 138, "g/l") == 138
    assert converted(haemoglobin, 8.6, "mmol/L") is None
    assert same_unit("10^9/L", "10*9/L") and same_unit("x10E9/l", "10*9/L") and not same_unit("g/dL", "g/L")


@given(st.integers(1, 999_999_999))
def test_a_mistyped_order_number_is_nobodys(key: int) -> None:
    number = numbers.order_number(key)
    assert numbers.is_order_number(number)
    wrong = str((int(number[4]) + 1) % 10)
    assert not numbers.is_order_number(number[:4] + wrong + number[5:])
    assert numbers.order_of_barcode(numbers.specimen_barcode(number, 3)) == number


@pytest.mark.req("LAB-08")
def test_the_scheme_of_numbers_begins_anew_with_its_period() -> None:
    assert numbers.shown("{yy}{mm}-", 4, 17, TODAY) == "2611-0017"
    assert numbers.period_of("month", TODAY) != numbers.period_of("month", dt.date(2026, 12, 1))
    assert numbers.period_of("never", TODAY) == numbers.period_of("never", dt.date(2030, 1, 1))


@pytest.mark.req("LAB-07")
def test_symbols_are_what_a_scanner_reads() -> None:
    # both were read back with an independent decoder
    assert code128_values("000000012301") == [105, 0, 0, 0, 1, 23, 1, 24, 106]
    told = ["".join("#" if module else "." for module in row) for row in datamatrix("123456")]
    assert told == [
        "#.#.#.#.#.",
        "##..#.##.#",
        "##.....#..",
        "##...###.#",
        "##....#...",
        "#.....####",
        "###.##....",
        "####.##..#",
        "#..###.#..",
        "##########",
    ]
    assert "<title>26&lt;1</title>" in datamatrix_svg("26<1")
    assert code128_svg("26").startswith("<svg")
    # a line inherited from the page around the symbol would take a part of its quiet zone
    assert 'fill="#fff" stroke="none"/>' in code128_svg("26")
    with pytest.raises(ValueError, match="ASCII"):
        code128_values("Қан")


def test_a_file_sent_as_text_leaves_the_page_of_the_person_usable() -> None:
    sent = {"results": [{"name": "Note", "value_text": "Ә" * 100_000}, {"name": "K", "value_number": 4.3}]}
    long, short = Document(Report(content=sent), []).lines
    assert len(long) < 21_000 and "80005 more letters" in long
    assert short.startswith("K 4")
