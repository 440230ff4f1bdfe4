"""The glossary and the list of requirements read as tables."""

import csv

from tests.content.tables import ROOT, mixed_words


def test_each_term_has_three_languages_and_stands_once() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    terms = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]
    assert len(terms) > 60
    assert len({term[0] for term in terms}) == len(terms)
    for english, kazakh, russian, _, place in terms:
        assert english and kazakh and russian and place, english
        assert not mixed_words(kazakh) and not mixed_words(russian), english


def test_requirements_have_unique_ids() -> None:
    with (ROOT / "docs" / "requirements.tsv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t"))
    assert len(found) > 900
    assert len({row["id"] for row in found}) == len(found)
