"""Reading the committed reference tables the way every loader reads them."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLASSIFIERS = ROOT / "ops_app" / "content" / "classifiers"
GEO = ROOT / "dashboards" / "geo"
SEEDS = ROOT / "dbt_project" / "seeds"

CYRILLIC = re.compile(r"[Ѐ-ӿ]")
LATIN = re.compile(r"[A-Za-z]")
WORD = re.compile(r"[^\W\d_]+")


def rows(path: Path) -> list[dict[str, str]]:
    """Every line of a table, no ragged ones among them."""
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, strict=True))
    for row in found:
        assert None not in row and None not in row.values(), f"{path.name}: ragged line {row}"
    return found


def mixed_words(text: str) -> list[str]:
    """Words that mix Cyrillic and Latin letters: they look right and are never found by a search."""
    return [word for word in WORD.findall(text) if CYRILLIC.search(word) and LATIN.search(word)]


# Latin words that are names or abbreviations of their own, in Cyrillic texts.
LATIN_WORDS = {
    "AUDIT", "BI", "BNP", "BPH", "CKD", "COVID", "D", "EPI", "GAD", "HBsAg", "HELLP", "HbA", "Hib", "MDRD",
    "NT", "PHQ", "RADS", "T", "bifida", "c", "in", "p", "pro", "proBNP", "situ", "spina",
    "A", "B", "C", "I", "In",
}  # fmt: skip


def strange_latin(text: str) -> list[str]:
    """Latin words in a Kazakh or Russian text that are no known abbreviation, so probably look-alikes."""
    return [word for word in WORD.findall(text) if LATIN.search(word) and word not in LATIN_WORDS]


# Letters that Russian has and Kazakh words do not carry in our texts: a sign of the columns being swapped.
KAZAKH_LETTERS = set("әғқңөұүһіӘҒҚҢӨҰҮҺІ")
