"""Legal terms in the words of the orders, from ``content/dictionary/terms.yaml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import model_validator

from ops_app.kit.declared import Declared
from ops_app.kit.spelling import fold

FILE = Path(__file__).parents[2] / "content" / "dictionary" / "terms.yaml"


class Source(Declared):
    """Where words were taken from."""

    kk: str
    ru: str


class Wording(Declared):
    """A definition as a source writes it; ``text`` is None where the official wording of a language is not at hand."""

    text: str | None = None
    source: str | None = None
    place: str | None = None


class Term(Declared):
    """A term with its definition in both languages."""

    id: str
    kk: str
    ru: str
    definition_kk: Wording = Wording()
    definition_ru: Wording = Wording()
    used: str | None = None
    """Where the system uses it."""


class Dictionary(Declared):
    """The whole file."""

    sources: dict[str, Source]
    terms: list[Term]

    @model_validator(mode="after")
    def known_sources(self) -> Dictionary:
        """A definition without a source is nobody's words."""
        for term in self.terms:
            for wording in (term.definition_kk, term.definition_ru):
                if (wording.text is None) != (wording.source is None):
                    raise ValueError(f"{term.id}: a text and its source stand together")
                if wording.source is not None and wording.source not in self.sources:
                    raise ValueError(f"{term.id}: unknown source {wording.source}")
        return self


@lru_cache(maxsize=1)
def book() -> Dictionary:
    """The dictionary, read once."""
    return Dictionary.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def found(text: str) -> list[Term]:
    """Terms whose words or definitions hold what is typed, in the order of the file."""
    wanted = [fold(word) for word in text.split()]
    if not wanted:
        return book().terms
    return [term for term in book().terms if all(word in _haystack(term) for word in wanted)]


def _haystack(term: Term) -> str:
    words = [term.kk, term.ru, term.definition_kk.text or "", term.definition_ru.text or ""]
    return " ".join(fold(word) for text in words for word in text.split())
