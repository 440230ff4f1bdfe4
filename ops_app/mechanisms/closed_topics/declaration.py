"""``content/access/closed_topics.yaml``: topics, their codes, who treats them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, field_validator

from ops_app.kit.declared import Declared, Text

CONTENT = Path(__file__).parents[2] / "content" / "access" / "closed_topics.yaml"
RANGE = re.compile(r"([A-Z])(\d\d)(?:-([A-Z])(\d\d))?")

Vocabulary = Literal["icd10", "medicines", "services", "observations", "outcomes"]


class Topic(Declared):
    """One closed topic."""

    code: str
    title: Text
    source: Text
    under_age: int | None = None
    """Only records made before this age."""
    icd10: tuple[str, ...]
    """Blocks of ICD-10: ``O04-O08`` or ``Z21``."""
    medicines: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    observations: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    """Who treats it, unless an organisation says otherwise."""

    @field_validator("icd10")
    @classmethod
    def _are_blocks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for block in value:
            found = RANGE.fullmatch(block)
            if found is None or (found[3] and (found[1] != found[3] or found[2] > found[4])):
                raise ValueError(f"{block} is no block within one letter of ICD-10")
        return value

    def prefixes(self, vocabulary: Vocabulary) -> list[str]:
        """Beginnings of the codes that belong."""
        if vocabulary != "icd10":
            return list(getattr(self, vocabulary))
        found = []
        for block in self.icd10:
            letter, first, _last, last = RANGE.fullmatch(block).groups()  # type: ignore[union-attr]
            found += [f"{letter}{number:02d}" for number in range(int(first), int(last or first) + 1)]
        return found


class Declaration(Declared):
    """The whole file."""

    version: str
    topics: tuple[Topic, ...]
    columns: dict[str, Vocabulary] = Field(default_factory=dict)
    """``schema.table.column`` by what it holds."""
    whole: tuple[str, ...] = ()
    """Tables whose row tells all of a visit, so that any diagnosis of a closed topic closes it."""
    open: tuple[str, ...] = ()
    """Tables whose rows are not closed with their visit: work that others must find."""


@lru_cache(maxsize=1)
def declaration() -> Declaration:
    """The declaration this program ships."""
    return Declaration.model_validate(yaml.safe_load(CONTENT.read_text(encoding="utf-8")))


def topics() -> dict[str, Topic]:
    """All topics by code."""
    return {topic.code: topic for topic in declaration().topics}


def topics_of(icd10: str, age: int) -> set[str]:
    """The topics a diagnosis belongs to at this age in full years."""
    return {
        topic.code
        for topic in declaration().topics
        if icd10[:3] in topic.prefixes("icd10") and (topic.under_age is None or age < topic.under_age)
    }


@lru_cache(maxsize=64)
def pattern(vocabulary: Vocabulary, closed: frozenset[str], *, of_minors: bool) -> str | None:
    """A regular expression for the codes of these topics, of those for minors or of those for everybody."""
    found = {
        re.escape(prefix)
        for topic in declaration().topics
        if topic.code in closed and (topic.under_age is not None) == of_minors
        for prefix in topic.prefixes(vocabulary)
    }
    return f"^({'|'.join(sorted(found))})" if found else None
