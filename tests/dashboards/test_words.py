"""Three languages say the same, and every code has words."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from dashboards import evidence, figures
from dashboards.place import Tree
from dashboards.texts import LANGUAGES, Texts, catalogue
from tests.dashboards.conftest import OFFICIAL

ROOT = Path(__file__).resolve().parents[2]
KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")


def test_each_key_stands_in_all_languages_with_the_same_values() -> None:
    kk, ru, en = (catalogue(language) for language in LANGUAGES)
    assert set(kk) == set(ru) == set(en)
    for key in kk:
        fields = {tuple(sorted(re.findall(r"{\w+}", words[key]))) for words in (kk, ru, en)}
        assert len(fields) == 1, key


def test_kazakh_and_russian_are_not_swapped() -> None:
    swapped = [key for key, text in catalogue("ru").items() if KAZAKH.search(text)]
    assert swapped == []
    assert sum(bool(KAZAKH.search(text)) for text in catalogue("kk").values()) > 150


def test_the_source_of_a_rule_is_told_in_words() -> None:
    source = "spec S3k-60; practice MAT-11; order ДСМ-235/2020, form 12"
    assert (
        Texts("kk").origin(source) == "S3k-60 техникалық ерекшелігі; MAT-11 әдістемесі; ДСМ-235/2020 бұйрығы, 12-нысан"
    )
    assert Texts("ru").origin("order ДСМ-174/2020") == "приказ ДСМ-174/2020"
    for file in (ROOT / "dbt_project" / "models").rglob("*.yml"):
        for source in re.findall(r"source: '(.+)'", file.read_text(encoding="utf-8")):
            assert not re.search(r"\b(order|spec|practice|form) ", Texts("kk").origin(source)), source


def column(seed: str, name: str) -> set[str]:
    with (ROOT / "dbt_project" / "seeds" / f"{seed}.csv").open(encoding="utf-8") as file:
        return {row[name] for row in csv.DictReader(file)} - {""}


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("todo", column("signal_rules", "step_code") - {"grace"}),
        ("met", column("signal_closings", "evidence_code")),
        ("escalated_to", column("signal_escalations", "recipient_role")),
    ],
)
def test_codes_of_the_rules_have_words(kind: str, codes: set[str]) -> None:
    for language in LANGUAGES:
        assert {f"{kind}.{code}" for code in codes} <= set(catalogue(language))


def test_reasons_of_exclusion_in_the_models_have_words() -> None:
    models = ROOT / "dbt_project" / "models"
    found = set()
    for path in [*models.glob("intermediate/*.sql"), *models.glob("indicators/*.sql")]:
        text = path.read_text(encoding="utf-8")
        for block in re.findall(
            r"case((?:(?!\bcase\b).)*?)end\s*(?:\n\s*)?as (?:excluded_because|unfit_because)", text, re.S
        ):
            found |= set(re.findall(r"then\s+'([a-z_]+)'", block))
    assert {"dead", "not_final", "not_a_visit"} <= found
    assert {f"reason.{code}" for code in found} <= set(catalogue("kk"))


@pytest.mark.usefixtures("home", "as_viewer")
def test_evidence_is_one_readable_line() -> None:
    texts = Texts("en")
    line = evidence.line(
        texts,
        Tree(OFFICIAL, texts),
        '{"icd10":"I21.1","discharge_date":"2026-11-20","facility":90,"rule_version":"1","risk_level":"high",'
        '"met":[{"code":"seen","event":"encounter:1","at":"2026-11-21T05:00:00Z"}],"new_fact":"x"}',
    )
    assert line == (
        "I21.1 · discharged 20.11.2026 · facility: Алыс аурухана en · risk: high · done: seen 21.11.2026 · new_fact x"
    )


def test_numbers_are_written_as_people_write_them() -> None:
    assert figures.number(1234567.5, 1) == "1\u2009234\u2009567,5"
    assert figures.percent(1, 0) == "–"
    assert figures.percent(1, 3) == "33,3\u00a0%"
    low, high = figures.wilson(6, 30)
    assert (round(low, 3), round(high, 3)) == (0.095, 0.373)
