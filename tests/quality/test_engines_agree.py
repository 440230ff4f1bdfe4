"""One declaration, two engines: Great Expectations and the fused scan give the same verdict on any batch."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.expectations import great, scan
from quality.expectations.rules import Between, Holds, NoPerson, NotBefore, OneOf, Required, Rule, Shaped

MOMENT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SCHEMA = {
    "code": pl.String,
    "status": pl.String,
    "number": pl.Float64,
    "age": pl.Int32,
    "yes": pl.Boolean,
    "event_at": pl.Datetime("us", "UTC"),
    "known_at": pl.Datetime("us", "UTC"),
    "first_date": pl.Date,
    "last_date": pl.Date,
}
PLANNED = ("status", ("planned", "draft"))
RULES: tuple[Rule, ...] = (
    Required("code"),
    Required("number", unless=PLANNED),
    OneOf("status", ("planned", "finished")),
    OneOf("code", ("I10", "I11"), unless=PLANNED),
    Shaped("code", "[A-Z][0-9]{2}"),
    Between("number", -1.5, 40, severity="flag"),
    Between("age", 0, 125),
    NoPerson("code"),
    Holds("yes", "yes.holds", kind="plausible"),
    NotBefore("known_at", "event_at", DAY),
    NotBefore("last_date", "first_date", DAY * 300),
    NotBefore("event_at", "known_at", unless=PLANNED, slack=DAY),
)
MOMENTS = st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: MOMENT - dt.timedelta(minutes=minutes))
DATES = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
TEXTS = st.sampled_from(
    [None, "", "I10", "I1", "Z99 ", "planned", "finished", "810231300123", "x 810231300123 y", "8 701 123 45 67"]
)


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A value or nothing."""
    return st.one_of(st.none(), values)


ROWS = st.fixed_dictionaries(
    {
        "code": TEXTS,
        "status": TEXTS,
        "number": maybe(st.floats(-10, 50, allow_nan=False)),
        "age": maybe(st.integers(-5, 200)),
        "yes": maybe(st.booleans()),
        "event_at": maybe(MOMENTS),
        "known_at": maybe(MOMENTS),
        "first_date": maybe(DATES),
        "last_date": maybe(DATES),
    }
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS, min_size=1, max_size=40))
def test_same_verdict(rows: list[dict[str, object]]) -> None:
    batch = pl.DataFrame(rows, schema=SCHEMA)
    assert great.verdicts(batch, RULES).to_dict(as_series=False) == scan.verdicts(batch, RULES).to_dict(as_series=False)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("810231300123", True),
        ("ЖСН 810231300123.", True),
        ("+77011234567", True),
        ("8 (701) 123-45-67", True),
        ("8 701 123 45 67", True),
        ("124171000119105", False),  # a SNOMED code
        ("999931300123", False),  # no date in front
        ("8480-6", False),
        ("I10", False),
        ("20261122", False),
    ],
)
def test_what_names_a_person(text: str, named: bool) -> None:
    rule = NoPerson("code")
    batch = pl.DataFrame({"code": [text]})
    assert scan.verdicts(batch, (rule,))["code.identifier"].to_list() == [named]


def test_an_empty_value_breaks_only_required() -> None:
    batch = pl.DataFrame([dict.fromkeys(SCHEMA)], schema=SCHEMA)
    verdict = scan.verdicts(batch, RULES).to_dicts()[0]
    assert {name for name, broken in verdict.items() if broken} == {"code.required", "number.required"}


def test_a_rule_that_cannot_be_judged_is_an_error() -> None:
    batch = pl.DataFrame({"code": ["x"]})
    with pytest.raises(great.UndecidedRule, match=r"code\.range"):
        great.verdicts(batch, (Between("code", 0, 1),))
