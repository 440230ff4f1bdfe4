"""Words of the dashboards in three languages, one file a language."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("kk", "ru", "en")
FOLDER = Path(__file__).parent / "locale"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by key."""
    words: dict[str, str] = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    return words


class Texts:
    """``t("key", name=value)`` in one language; a missing key is a mistake and raises."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "kk"
        self._words = catalogue(self.language)

    def __call__(self, key: str, **values: object) -> str:
        return self._words[key].format(**values)

    def origin(self, source: str) -> str:
        """Where a rule comes from, as the models name it (``order ДСМ-92/2021; practice MAT-11``), in words."""
        parts = []
        for part in source.split("; "):
            kind, _space, name = part.partition(" ")
            name, _comma, form = name.partition(", form ")
            said = self._words.get(f"origin.{kind}", "{name}").format(name=name if name else kind)
            parts.append(f"{said}, {self('origin.form', name=form)}" if form else said)
        return "; ".join(parts)

    def age(self, group: str | None) -> str:
        """``05-09`` as people write it: ``5–9``."""
        return re.sub(r"\b0(?=\d)", "", self.term("age", group)).replace("-", "–")

    def term(self, kind: str, code: str | None) -> str:
        """The name of a code (a class, a state, a step); the code itself where nobody named it."""
        if not code:
            return "–"
        return self._words.get(f"{kind}.{code}", code)
