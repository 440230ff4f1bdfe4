"""The rule seeds: versions without gaps, references that exist, and the rules as practice defines them."""

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.content.tables import CLASSIFIERS, KAZAKH_LETTERS, SEEDS, mixed_words, rows, strange_latin

SIGNALS = {"SIG-02", "SIG-03", "SIG-04", "SIG-07", "MAT-10", "MAT-11"}
OPTIONAL = {"effective_to", "match_value"}

KEYS = {
    "signal_rules": ("signal_code", "rule_version", "population", "step_code", "applies_to"),
    "signal_diagnoses": ("signal_code", "rule_version", "icd10_prefix"),
    "signal_closings": ("signal_code", "rule_version", "step_code", "requirement", "evidence_code"),
    "signal_evidence": ("evidence_code", "fact", "field", "match_value"),
    "signal_escalations": ("signal_code", "rule_version", "escalation_level"),
    "signal_limits": ("signal_code", "limit_code", "effective_from"),
    "icd10_category": ("category",),
    "rule_terms": ("kind", "code"),
    "screening_programmes": ("programme", "rule_version"),
    "screening_exclusions": ("programme", "rule_version", "icd10_prefix"),
    "screening_services": ("programme", "rule_version", "requirement", "service_code"),
    "kz_calendar_exceptions": ("date",),
}


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    return rows(SEEDS / f"{name}.csv")


def terms(kind: str) -> set[str]:
    """The codes of a kind that have words."""
    return {row["code"] for row in seed("rule_terms") if row["kind"] == kind}


def icd10(code: str, signal: str) -> bool:
    """Whether a diagnosis opens a signal."""
    matched = [
        row for row in seed("signal_diagnoses") if row["signal_code"] == signal and code.startswith(row["icd10_prefix"])
    ]
    return bool(matched) and all(row["is_included"] == "true" for row in matched)


@pytest.mark.parametrize("name", KEYS)
def test_grain_is_kept_and_cells_are_filled(name: str) -> None:
    table = seed(name)
    keys = [tuple(row[column] for column in KEYS[name]) for row in table]
    assert len(keys) == len(set(keys))
    for row in table:
        assert all(value for column, value in row.items() if column not in OPTIONAL), row


@pytest.mark.parametrize("name", KEYS)
def test_every_column_is_described_in_order(name: str) -> None:
    described = yaml.safe_load((SEEDS / "_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    entry = next(entry for entry in described if entry["name"] == name)
    assert [column["name"] for column in entry["columns"]] == list(seed(name)[0])
    assert all(column["data_type"] for column in entry["columns"])


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize("name", ["rule_terms", "kz_calendar_exceptions"])
def test_words_are_in_their_alphabets(name: str) -> None:
    for row in seed(name):
        for column, text in row.items():
            assert not mixed_words(text), row
            if column.endswith(("_kk", "_ru")):
                # the letters of ICD-10 codes are Latin by nature
                words = [word for word in strange_latin(text) if word not in {"G", "I", "M"}]
                assert not words, (row, words)
            if column.endswith("_ru") and name != "kz_calendar_exceptions":
                assert not KAZAKH_LETTERS & set(text), row


def test_versions_of_a_rule_follow_each_other() -> None:
    spans = defaultdict(set)
    for name, key in (("signal_rules", "signal_code"), ("screening_programmes", "programme")):
        for row in seed(name):
            end = dt.date.fromisoformat(row["effective_to"]) if row["effective_to"] else dt.date.max
            spans[row[key]].add((dt.date.fromisoformat(row["effective_from"]), end))
    for key, found in spans.items():
        ordered = sorted(found)
        for (_, end), (start, _) in pairwise(ordered):
            assert start == end + dt.timedelta(days=1), key
        assert ordered[-1][1] == dt.date.max, key


def test_codes_of_the_rules_have_words() -> None:
    table = seed("signal_rules")
    assert {row["signal_code"] for row in table} == SIGNALS
    assert {row["step_code"] for row in table} <= terms("step")
    assert {row["applies_to"] for row in table} <= terms("group")
    assert {row["population"] for row in table} <= terms("population")
    assert {row["owner_role"] for row in table} <= terms("role")
    assert {row["recipient_role"] for row in seed("signal_escalations")} <= terms("role")
    assert {row["programme"] for row in seed("screening_programmes")} == terms("programme")


def test_every_step_but_the_grace_has_a_closing() -> None:
    steps = {(row["signal_code"], row["step_code"]) for row in seed("signal_rules") if row["step_code"] != "grace"}
    assert {(row["signal_code"], row["step_code"]) for row in seed("signal_closings")} == steps
    evidence = {row["evidence_code"] for row in seed("signal_evidence")}
    assert {row["evidence_code"] for row in seed("signal_closings")} == evidence == terms("evidence")


def test_evidence_and_services_are_codes_we_have() -> None:
    services = {row["code"] for row in rows(CLASSIFIERS / "services.csv")}
    observations = {row["code"] for row in rows(CLASSIFIERS / "observations.csv")}
    for row in seed("signal_evidence"):
        assert (row["match_kind"] == "present") == (row["match_value"] == ""), row
        if row["fact"] == "procedure":
            assert row["match_value"] in services, row
        if row["fact"] == "observation":
            assert row["match_value"] in observations, row
    assert {row["service_code"] for row in seed("screening_services")} <= services


@pytest.mark.parametrize(
    ("code", "signals"),
    [
        ("I20.0", {"SIG-02"}),
        ("I20.8", set()),
        ("I21.4", {"SIG-02"}),
        ("I22.9", {"SIG-02"}),
        ("I23.0", set()),
        ("I24.9", {"SIG-02"}),
        ("I25.2", set()),
        ("I60.9", {"SIG-03"}),
        ("I64", {"SIG-03"}),
        ("I65.2", set()),
        ("I69.3", set()),
        ("G45.9", {"SIG-04"}),
        ("G45.4", set()),
    ],
)
@pytest.mark.req("SIG-02", "SIG-03", "SIG-04")
def test_diagnosis_opens_the_right_signal(code: str, signals: set[str]) -> None:
    assert {signal for signal in SIGNALS if icd10(code, signal)} == signals


@pytest.mark.parametrize(
    ("signal", "step", "group", "deadline", "owner"),
    [
        ("SIG-02", "call", "all", "1 working_day", "site_doctor"),
        ("SIG-02", "visit", "all", "3 day", "site_doctor"),
        ("SIG-03", "home_visit", "all", "3 day", "site_doctor"),
        ("SIG-03", "neurologist", "all", "14 day", "neurologist"),
        ("SIG-04", "visit", "all", "24 hour", "site_doctor"),
        ("SIG-04", "duplex", "all", "7 day", "site_doctor"),
        ("SIG-07", "stop_bookings", "all", "1 working_day", "registrar"),
        ("SIG-07", "review", "under_5", "10 working_day", "head"),
        ("MAT-10", "first_package", "all", "14 day", "midwife"),
        ("MAT-11", "grace", "normal_risk", "3 day", "midwife"),
        ("MAT-11", "grace", "high_risk", "1 day", "midwife"),
        ("MAT-11", "phone", "all", "0 day", "midwife"),
        ("MAT-11", "home_visit", "all", "1 working_day", "midwife"),
        ("MAT-11", "escalation", "all", "0 day", "head"),
    ],
)
def test_deadlines_are_those_of_practice(signal: str, step: str, group: str, deadline: str, owner: str) -> None:
    found = {
        (f"{row['deadline_value']} {row['deadline_unit']}", row["owner_role"])
        for row in seed("signal_rules")
        if (row["signal_code"], row["step_code"], row["applies_to"]) == (signal, step, group)
    }
    assert found == {(deadline, owner)}


@pytest.mark.req("SCR-01")
@pytest.mark.parametrize(
    ("programme", "year", "ages"),
    [
        ("breast", 2026, [*range(40, 77, 2)]),
        ("breast", 2024, [*range(40, 71, 2)]),
        ("cervix", 2026, [30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70, 74]),
        ("cervix", 2024, [30, 34, 38, 42, 46, 50, 54, 58, 62, 66, 70]),
        ("cvd_dm", 2026, [*range(40, 77, 2)]),
    ],
)
def test_ages_of_a_programme_in_a_year(programme: str, year: int, ages: list[int]) -> None:
    [rule] = [
        row
        for row in seed("screening_programmes")
        if row["programme"] == programme and row["effective_from"] <= f"{year}-01-01" <= (row["effective_to"] or "9999")
    ]
    assert [*range(int(rule["age_from"]), int(rule["age_to"]) + 1, int(rule["age_step"]))] == ages


def test_seed_folder_holds_no_undescribed_table() -> None:
    described = {
        entry["name"]
        for path in Path(SEEDS).glob("*.yml")
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["seeds"]
    }
    assert {path.stem for path in Path(SEEDS).glob("*.csv")} == described
