"""Units, limits by age and the life of an alert, as rules without a database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ops_app.modules.monitoring.alerting import Standing, Step, step
from ops_app.modules.monitoring.indicators import (
    Implausible,
    Indicator,
    UnknownUnit,
    by_any_code,
    declaration,
    indicators,
    normalised,
)
from ops_app.modules.monitoring.limits import Level, Limits
from ops_app.modules.visits.vitals import limits as plausible_limits
from tests.shared_data import shared

ALL = list(indicators().values())
ADULT = 40 * 12
NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
numbers = st.floats(min_value=-500, max_value=2_000, allow_nan=False)


def of(name: str) -> Indicator:
    return next(each for each in ALL if each.name == name)


@pytest.mark.parametrize(
    ("name", "sent", "unit", "ours"),
    [
        ("systolic", 18.0, "kPa", 135.01),
        ("systolic", 135, "mmHg", 135),
        ("glucose", 180, "mg/dL", 9.99),
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", 37.2, "°C", 37.2),
        ("weight", 180, "[lb_av]", 81.65),
        ("weight", 81_650, "g", 81.65),
        ("pulse", 72, "{beats}/min", 72),
    ],
)
def test_units_become_ours(name: str, sent: float, unit: str, ours: float) -> None:
    assert normalised(of(name), sent, unit) == pytest.approx(ours, abs=0.01)


@pytest.mark.parametrize(
    ("name", "unit"), [("glucose", "g/L"), ("systolic", "bar"), ("pulse", None), ("weight", ""), ("temperature", "K")]
)
def test_an_unknown_unit_is_refused_never_guessed(name: str, unit: str | None) -> None:
    with pytest.raises(UnknownUnit):
        normalised(of(name), 36.6, unit)


@given(number=numbers, each=st.sampled_from(ALL), data=st.data())
def test_nothing_implausible_passes_in_any_unit(number: float, each: Indicator, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(each.units)))
    low, high = plausible_limits()[(each.code, each.unit)]
    try:
        value = normalised(each, number, unit)
    except Implausible:
        return
    assert low - 0.01 <= value <= high + 0.01


@given(value=st.floats(min_value=1, max_value=60), each=st.sampled_from(["mg/dL", "mmol/L"]))
def test_there_and_back(value: float, each: str) -> None:
    glucose = of("glucose")
    sent = value / glucose.units[each].factor
    assert normalised(glucose, sent, each) == pytest.approx(value, abs=0.001)


@given(months=st.integers(min_value=0, max_value=1_320), each=st.sampled_from(ALL), value=numbers)
def test_every_age_has_limits_in_order(months: int, each: Indicator, value: float) -> None:
    limits = each.defaults(months, pregnant=False)
    level = limits.judge(value)
    assert (limits.deviation(value) > 0) == (level is not Level.NORMAL)
    assert (limits.crossed(value) is None) == (level is Level.NORMAL)
    if limits.is_back(value, each.hysteresis):
        assert level is Level.NORMAL


@given(value=numbers, step_further=st.floats(min_value=0, max_value=500), each=st.sampled_from(ALL))
def test_further_out_is_never_better(value: float, step_further: float, each: Indicator) -> None:
    limits = each.defaults(ADULT, pregnant=False)
    order = [Level.NORMAL, Level.LIMIT, Level.CRITICAL]
    middle = limits.high if limits.high is not None else limits.low
    if middle is None:
        return
    further = value + step_further if value >= middle else value
    assert order.index(limits.judge(max(further, middle))) >= order.index(limits.judge(max(value, middle))) or (
        limits.high is None
    )


@pytest.mark.req("MONITOR-04")
@pytest.mark.parametrize(
    ("name", "months", "value", "level"),
    [
        ("systolic", ADULT, 160, Level.NORMAL),
        ("systolic", ADULT, 161, Level.LIMIT),
        ("systolic", ADULT, 180, Level.CRITICAL),
        ("systolic", ADULT, 89, Level.CRITICAL),
        ("saturation", ADULT, 91, Level.LIMIT),
        ("saturation", ADULT, 89, Level.CRITICAL),
        ("saturation", 24, 94, Level.LIMIT),
        ("pulse", 0, 170, Level.NORMAL),
        ("pulse", 12 * 4, 170, Level.CRITICAL),
        ("glucose", ADULT, 3.8, Level.LIMIT),
        ("glucose", ADULT, 2.9, Level.CRITICAL),
        ("temperature", ADULT, 38.1, Level.LIMIT),
    ],
)
def test_what_is_normal_depends_on_age(name: str, months: int, value: float, level: Level) -> None:
    assert of(name).defaults(months, pregnant=False).judge(value) is level


def test_in_pregnancy_the_limits_of_pressure_are_lower() -> None:
    systolic = of("systolic")
    assert systolic.defaults(ADULT, pregnant=True).judge(145) is Level.LIMIT
    assert systolic.defaults(ADULT, pregnant=True).judge(160) is Level.CRITICAL
    assert of("glucose").defaults(ADULT, pregnant=True) == of("glucose").defaults(ADULT, pregnant=False)


def test_limits_out_of_order_are_refused() -> None:
    with pytest.raises(ValidationError):
        Limits(low=100, high=90)
    with pytest.raises(ValidationError):
        Limits(critical_low=95, low=90)


def test_adopted_from_the_rules_of_vital_signs() -> None:
    rules = yaml.safe_load(shared("../spec/rules/10_triage_vitals.yaml").read_text())
    home = rules["remote_monitoring"]["home_limits"]
    short = {"systolic": "sbp", "diastolic": "dbp", "pulse": "hr", "glucose": "glucose_mmol", "temperature": "temp"}
    for name, key in short.items():
        limits = of(name).defaults(ADULT, pregnant=False)
        assert [limits.low, limits.high] == home[key], name
    assert of("saturation").defaults(ADULT, pregnant=False).low == home["spo2_min"]
    gain = of("weight").gain
    assert gain is not None
    assert (gain.amount, gain.days) == (home["weight_gain_kg_3d"], 3)
    assert declaration().stale_hours == rules["remote_monitoring"]["stale_data_hours"]
    assert declaration().suppress_repeat_minutes == rules["remote_monitoring"]["suppress_repeat_min"]
    months = {"0-1 mo": 0, "1-12 mo": 6, "1-2 y": 18, "3-5 y": 48, "6-11 y": 100, "12-15 y": 160}
    for row in rules["vitals_normal_by_age"]["rows"][:-1]:
        for name, key in (("pulse", "hr"), ("respiratory_rate", "rr"), ("systolic", "sbp")):
            limits = of(name).defaults(months[row["age"]], pregnant=False)
            assert [limits.low, limits.high] == row[key], (row["age"], name)


def test_other_codes_mean_the_same() -> None:
    assert by_any_code()["2339-0"].name == "glucose"
    assert by_any_code()["8331-1"].name == "temperature"


RULE: dict[str, Any] = {"suppress": dt.timedelta(minutes=60), "needed_back": 2}


def standing(**changes: object) -> Standing:
    known = {"level": Level.LIMIT, "is_open": True, "worst": 10.0, "last_at": NOW}
    return Standing(**(known | changes))  # type: ignore[arg-type]


def test_repeats_join_and_worse_raises() -> None:
    at = NOW + dt.timedelta(minutes=5)
    assert step(None, Level.LIMIT, 5, at, is_back=False, **RULE) is Step.OPEN
    assert step(standing(), Level.LIMIT, 99, at, is_back=False, **RULE) is Step.JOIN
    assert step(standing(), Level.CRITICAL, 30, at, is_back=False, **RULE) is Step.RAISE
    assert step(standing(level=Level.CRITICAL), Level.CRITICAL, 1, at, is_back=False, **RULE) is Step.JOIN


def test_a_deviation_ends_after_two_values_well_inside() -> None:
    at = NOW + dt.timedelta(minutes=5)
    assert step(standing(), Level.NORMAL, 0, at, is_back=False, **RULE) is Step.NOTHING, "at the edge"
    assert step(standing(), Level.NORMAL, 0, at, is_back=True, **RULE) is Step.BACK
    assert step(standing(back_in_a_row=1), Level.NORMAL, 0, at, is_back=True, **RULE) is Step.CLOSE
    late = NOW - dt.timedelta(hours=1)
    assert step(standing(back_in_a_row=1), Level.NORMAL, 0, late, is_back=True, **RULE) is Step.NOTHING


def test_a_critical_alert_is_never_closed_by_a_value() -> None:
    critical = standing(level=Level.CRITICAL, back_in_a_row=9)
    assert step(critical, Level.NORMAL, 0, NOW, is_back=True, **RULE) is Step.BACK


def test_after_a_measure_only_something_worse_is_news() -> None:
    closed = standing(level=Level.CRITICAL, is_open=False, closed_at=NOW, worst=20.0)
    soon, later = NOW + dt.timedelta(minutes=30), NOW + dt.timedelta(minutes=60)
    assert step(closed, Level.CRITICAL, 20, soon, is_back=False, **RULE) is Step.NOTHING
    assert step(closed, Level.CRITICAL, 25, soon, is_back=False, **RULE) is Step.OPEN
    assert step(closed, Level.CRITICAL, 5, later, is_back=False, **RULE) is Step.OPEN


@given(values=st.lists(st.sampled_from(list(Level)), min_size=1, max_size=40))
def test_a_flood_of_values_opens_few_alerts(values: list[Level]) -> None:
    """Within an hour one group has one alert open at a time, and a critical value is always covered by one."""
    now: Standing | None = None
    for number, level in enumerate(values):
        at = NOW + dt.timedelta(minutes=number)
        deviation = {Level.NORMAL: 0.0, Level.LIMIT: 5.0, Level.CRITICAL: 20.0}[level]
        done = step(now, level, deviation, at, is_back=level is Level.NORMAL, **RULE)
        if done is Step.OPEN:
            assert now is None or not now.is_open
            now = Standing(level, True, deviation, at)
        elif now is not None and done in (Step.JOIN, Step.RAISE):
            raised = Level.CRITICAL if done is Step.RAISE else now.level
            now = Standing(raised, True, max(now.worst, deviation), at)
        elif now is not None and done is Step.BACK:
            now = Standing(now.level, True, now.worst, at, None, now.back_in_a_row + 1)
        elif now is not None and done is Step.CLOSE:
            now = Standing(now.level, False, now.worst, at, at)
        if level is Level.CRITICAL:
            assert now is not None
            assert now.is_open
            assert now.level is Level.CRITICAL
