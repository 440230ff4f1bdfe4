"""Programmes as pure functions: facts in, plan out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_app.mechanisms.care_plan.declaration import definition, definitions
from ops_app.mechanisms.care_plan.evaluate import Activity, evaluate, next_change
from ops_app.mechanisms.facts import Fact, History
from tests.content.tables import CLASSIFIERS, SEEDS, rows

TODAY = dt.date(2026, 11, 22)
ATTACHED = Fact("attachment", dt.date(2015, 1, 1), id=1)


def woman(born: dt.date, *facts: Fact) -> History:
    return History(born, "female", frozenset({ATTACHED, *facts}))


def plan(code: str, history: History, today: dt.date = TODAY) -> list[Activity]:
    return evaluate([definition(code)], history, today)


def states(code: str, history: History, today: dt.date = TODAY) -> dict[int, tuple[str, str | None]]:
    return {step.group: (step.status, step.removed_because) for step in plan(code, history, today)}


def mammography(day: dt.date, number: int = 50) -> Fact:
    return Fact("service", day, "C03.082.005", number, ref=number)


@pytest.mark.req("SCR-01")
@pytest.mark.parametrize(
    ("born", "facts", "expected"),
    [
        # born late in the year: the age counts that is reached within the year
        (dt.date(1980, 12, 30), (), {2026: ("open", None)}),
        (dt.date(1979, 1, 1), (), {2027: ("open", None)}),
        (dt.date(1940, 1, 1), (), {}),
        (dt.date(1980, 5, 1), (mammography(dt.date(2025, 6, 1)),), {}),
        (dt.date(1980, 5, 1), (mammography(dt.date(2024, 6, 1)),), {2026: ("open", None)}),
        (dt.date(1980, 5, 1), (mammography(dt.date(2026, 6, 1)),), {2026: ("done", None)}),
        (dt.date(1980, 5, 1), (Fact("death", dt.date(2026, 3, 1)),), {2026: ("removed", "died")}),
        (
            dt.date(1980, 5, 1),
            (Fact("dispensary_card", dt.date(2026, 3, 1), "C50.1", 9),),
            {2026: ("removed", "on_register")},
        ),
        # a card that was closed again takes nobody off
        (
            dt.date(1980, 5, 1),
            (Fact("dispensary_card", dt.date(2020, 3, 1), "C50.1", 9, until=dt.date(2021, 1, 1)),),
            {2026: ("open", None)},
        ),
    ],
)
def test_who_stands_on_the_list_of_breast_screening(
    born: dt.date, facts: tuple[Fact, ...], expected: dict[int, tuple[str, str | None]]
) -> None:
    assert states("breast", woman(born, *facts)) == expected


def test_a_man_and_a_person_attached_elsewhere_are_on_no_list_of_breast_screening() -> None:
    assert not plan("breast", History(dt.date(1980, 5, 1), "male", frozenset({ATTACHED})))
    elsewhere = replace(ATTACHED, until=dt.date(2026, 2, 1))
    gone = History(dt.date(1980, 5, 1), "female", frozenset({elsewhere}))
    assert states("breast", gone) == {2026: ("removed", "moved")}


@pytest.mark.req("SCR-01")
def test_the_list_of_the_next_year_is_made_on_15_november() -> None:
    born = dt.date(1979, 6, 1)
    assert not plan("breast", woman(born), dt.date(2026, 11, 14))
    assert states("breast", woman(born), dt.date(2026, 11, 15)) == {2027: ("open", None)}
    assert next_change(definitions(), dt.date(2026, 11, 14)) == dt.date(2026, 11, 15)
    assert next_change(definitions(), dt.date(2026, 12, 31)) == dt.date(2027, 1, 1)


def test_an_unfinished_year_is_made_good_in_the_next_for_a_declared_reason() -> None:
    excluded = Fact("excluded", dt.date(2025, 6, 1), "breast/listed", 3, group=2025, tags=frozenset({"reason:illness"}))
    born = dt.date(1985, 1, 1)
    assert states("breast", woman(born, excluded))[2026] == ("open", None)
    for_another_reason = replace(excluded, tags=frozenset({"reason:done_elsewhere"}))
    assert 2026 not in states("breast", woman(born, for_another_reason))


def test_ages_follow_the_version_of_the_year() -> None:
    born = dt.date(1950, 1, 1)
    assert not plan("breast", woman(born), dt.date(2024, 6, 1))
    assert states("breast", woman(born), dt.date(2026, 6, 1)) == {2026: ("open", None)}


def pregnancy_card(lmp: dt.date, opened: dt.date) -> Fact:
    return Fact("pregnancy_card", opened, id=opened.toordinal(), tags=frozenset({f"anchor:{lmp.isoformat()}"}))


@given(weeks=st.integers(3, 42), days=st.integers(0, 6))
def test_antenatal_steps_lie_in_their_weeks_and_after_registration(weeks: int, days: int) -> None:
    lmp = dt.date(2026, 1, 1)
    registered = lmp + dt.timedelta(weeks=weeks, days=days)
    planned = plan("pregnancy", woman(dt.date(1995, 1, 1), pregnancy_card(lmp, registered)), registered)
    assert planned[0].planned == registered
    assert [step.planned for step in planned] == sorted(step.planned for step in planned)
    for step in planned[1:]:
        assert registered < step.planned
        assert step.closes is not None and step.opens <= step.planned <= step.closes


@pytest.mark.req("PREG-05")
def test_a_visit_closes_the_last_step_that_is_due_and_leaves_missed_ones() -> None:
    lmp = TODAY - dt.timedelta(weeks=26)
    card = pregnancy_card(lmp, lmp + dt.timedelta(weeks=9))
    visit = Fact("visit", lmp + dt.timedelta(weeks=19), "pregnancy", 11, ref=11)
    done = {step.step: step.status for step in plan("pregnancy", woman(dt.date(1995, 1, 1), card, visit))}
    assert done["visit_3"] == "done"
    assert done["visit_1"] == done["visit_2"] == done["visit_4"] == "open"


@pytest.mark.req("DISP-01")
def test_control_visits_of_hypertension_follow_each_other() -> None:
    card = Fact("dispensary_card", dt.date(2026, 1, 10), "I10", 5)
    born = dt.date(1960, 1, 1)
    [first] = plan("dispensary_hypertension", woman(born, card))
    assert (first.status, first.planned) == ("open", dt.date(2026, 4, 10))
    visit = Fact("visit", dt.date(2026, 9, 1), "dispensary", 8, ref=8, tags=frozenset({"I10"}))
    [after] = plan("dispensary_hypertension", woman(born, card, visit))
    assert after.planned == dt.date(2026, 12, 1)
    cold = replace(visit, tags=frozenset({"J06.9"}))
    [unchanged] = plan("dispensary_hypertension", woman(born, card, cold))
    assert unchanged.planned == dt.date(2026, 4, 10)
    asthma = replace(card, code="J45.0")
    assert not plan("dispensary_hypertension", woman(born, asthma))


@pytest.mark.req("FLU-01")
def test_fluorography_takes_the_shortest_interval_of_a_persons_groups() -> None:
    born = dt.date(1980, 1, 1)
    done = Fact("service", dt.date(2025, 12, 1), "L05.001.000", 4, ref=4)
    assert not plan("fluorography", woman(born, done))
    diabetes = Fact("dispensary_card", dt.date(2020, 1, 1), "E11.9", 6)
    [due] = plan("fluorography", woman(born, done, diabetes))
    assert (due.status, due.planned, due.year) == ("open", dt.date(2026, 12, 1), 2026)
    expecting = pregnancy_card(dt.date(2026, 6, 1), dt.date(2026, 8, 1))
    assert not plan("fluorography", woman(born, diabetes, expecting))


@pytest.mark.req("FLU-02")
def test_who_was_not_examined_stands_on_the_next_list_again() -> None:
    born = dt.date(1980, 1, 1)
    kept = Fact("planned", dt.date(2025, 1, 1), "fluorography/examination", 2, until=dt.date(2025, 12, 31), group=2025)
    [still] = plan("fluorography", woman(born, kept))
    assert (still.status, still.row) == ("open", 2)


FACTS = st.one_of(
    st.builds(mammography, st.dates(dt.date(2018, 1, 1), TODAY), st.integers(20, 60)),
    st.builds(
        lambda day, number: Fact("service", day, "B08.749.001", number, ref=number),
        st.dates(dt.date(2018, 1, 1), TODAY),
        st.integers(61, 99),
    ),
    st.builds(lambda day: Fact("death", day), st.dates(dt.date(2024, 1, 1), TODAY)),
    st.builds(
        lambda day, code, number: Fact("dispensary_card", day, code, number),
        st.dates(dt.date(2018, 1, 1), TODAY),
        st.sampled_from(["C50", "I10", "E11.9"]),
        st.integers(100, 120),
    ),
    st.builds(
        lambda weeks: pregnancy_card(TODAY - dt.timedelta(weeks=weeks + 4), TODAY - dt.timedelta(weeks=weeks)),
        st.integers(1, 30),
    ),
    st.builds(
        lambda day, purpose, number: Fact("visit", day, purpose, number, ref=number, tags=frozenset({"I10"})),
        st.dates(dt.date(2026, 1, 1), TODAY),
        st.sampled_from(["pregnancy", "dispensary"]),
        st.integers(200, 230),
    ),
)
PEOPLE = st.builds(
    lambda born, facts: (born, facts),
    st.dates(dt.date(1945, 1, 1), dt.date(2000, 1, 1)),
    # two facts of a kind are two rows
    st.lists(FACTS, max_size=12, unique_by=lambda fact: (fact.kind, fact.id)),
)


def kept(history: History, activities: list[Activity]) -> History:
    """The facts after the plan was written down."""
    facts = set(history.facts)
    number = 1000
    for step in activities:
        old = next((fact for fact in facts if fact.id == step.row and fact.kind == "planned"), None)
        if old is None and step.status == "open":
            number += 1
            facts.add(Fact("planned", TODAY, step.code, number, until=step.planned, group=step.group))
        elif old is not None and step.status != "open":
            facts.remove(old)
            if step.status == "done" and step.closed_by is not None:
                facts.add(replace(old, kind="completed", ref=step.closed_by.ref))
    return History(history.birth_date, history.sex, frozenset(facts))


@settings(max_examples=60, deadline=None)
@given(PEOPLE, st.randoms())
def test_the_order_of_facts_does_not_matter(person: tuple[dt.date, list[Fact]], random: object) -> None:
    born, facts = person
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert evaluate(definitions(), woman(born, *facts), TODAY) == evaluate(definitions(), woman(born, *shuffled), TODAY)


@settings(max_examples=60, deadline=None)
@given(PEOPLE)
def test_working_out_twice_changes_nothing(person: tuple[dt.date, list[Fact]]) -> None:
    history = woman(person[0], *person[1])
    once = kept(history, evaluate(definitions(), history, TODAY))
    assert kept(once, evaluate(definitions(), once, TODAY)) == once


@settings(max_examples=60, deadline=None)
@given(PEOPLE)
def test_no_step_is_open_twice(person: tuple[dt.date, list[Fact]]) -> None:
    history = woman(person[0], *person[1])
    after = kept(history, evaluate(definitions(), history, TODAY))
    for known in (history, after):
        open_steps = [
            (step.code, step.group) for step in evaluate(definitions(), known, TODAY) if step.status == "open"
        ]
        assert len(open_steps) == len(set(open_steps))


@settings(max_examples=60, deadline=None)
@given(PEOPLE, st.sampled_from(["breast", "cervix"]))
def test_evidence_closes_and_removal_removes(person: tuple[dt.date, list[Fact]], code: str) -> None:
    born, facts = person
    alive = [fact for fact in facts if fact.kind not in ("death", "dispensary_card")]
    service = {"breast": "C03.082.005", "cervix": "B08.749.001"}[code]
    evidence = Fact("service", TODAY, service, 999, ref=999)
    for step in plan(code, woman(born, *alive, evidence)):
        assert step.status == "done" or step.group > TODAY.year
    dead = woman(born, *facts, Fact("death", dt.date(2018, 1, 1)))
    assert all(step.status != "open" for step in evaluate(definitions(), dead, TODAY))


@pytest.mark.parametrize("code", ["breast", "cervix", "cvd_dm"])
def test_the_warehouse_and_the_plans_say_the_same(code: str) -> None:
    """dbt reads no declarations of the app, so the rule stands in two files; here they are held equal."""
    declared = {str(version.version): version for version in definition(code).versions}
    seeds = {row["rule_version"]: row for row in rows(SEEDS / "screening_programmes.csv") if row["programme"] == code}
    assert declared.keys() == seeds.keys()
    for number, row in seeds.items():
        version = declared[number]
        [group] = version.enters
        assert group.ages is not None and version.list_day is not None
        assert str(version.effective_from) == row["effective_from"]
        assert str(version.effective_to or "") == row["effective_to"]
        assert (group.sex or "any") == row["sex"]
        ages = (group.ages.first, group.ages.last, group.ages.step, group.interval_years)
        assert ages == tuple(int(row[name]) for name in ("age_from", "age_to", "age_step", "interval_years"))
        assert (version.list_day.month, version.list_day.day) == (int(row["list_month"]), int(row["list_day"]))
        closing = [
            service["service_code"]
            for service in rows(SEEDS / "screening_services.csv")
            if (service["programme"], service["rule_version"], service["is_completing"]) == (code, number, "true")
        ]
        assert [found for match in version.closed_by for found in match.codes] == closing
        excluded = [
            exclusion["icd10_prefix"]
            for exclusion in rows(SEEDS / "screening_exclusions.csv")
            if (exclusion["programme"], exclusion["rule_version"]) == (code, number)
        ]
        assert [found for rule in version.removed_by for found in rule.codes] == excluded


def test_codes_of_the_plans_are_codes_we_have_and_every_version_names_its_source() -> None:
    services = {row["code"] for row in rows(CLASSIFIERS / "services.csv")}
    for found in definitions():
        for version in found.versions:
            assert len(version.source) > 20
            assert {code for match in version.closed_by if match.fact == "service" for code in match.codes} <= services
