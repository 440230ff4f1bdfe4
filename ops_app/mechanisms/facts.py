"""What is known of one person as a set of facts, and declarations that look for them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is so from a day on: a service, a visit, an open card, a planned step."""

    kind: str
    day: dt.date
    code: str = ""
    id: int = 0
    """The row it was read from."""
    until: dt.date | None = None
    """First day on which it no longer holds; for a planned step the day it is planned for."""
    group: int = 0
    """What it belongs to: the register card of a step, or the year of a list."""
    ref: int = 0
    """The visit that proves it."""
    tags: frozenset[str] = frozenset()

    @property
    def order(self) -> tuple[dt.date, int, str, str]:
        """The one order in which facts are looked at, however they came."""
        return (self.day, self.id, self.kind, self.code)

    def holds_on(self, day: dt.date) -> bool:
        """Whether it is so on a day."""
        return self.day <= day and (self.until is None or self.until > day)


@dataclass(frozen=True)
class History:
    """A person as rules see him."""

    birth_date: dt.date
    sex: str
    facts: frozenset[Fact]

    @cached_property
    def by_kind(self) -> dict[str, list[Fact]]:
        """Facts of each kind in their order: a plan asks for one kind after another, dozens of times."""
        kinds: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in sorted(self.facts, key=lambda fact: fact.order):
            kinds[fact.kind].append(fact)
        return dict(kinds)

    def of(self, *kinds: str) -> list[Fact]:
        """Facts of some kinds in their order."""
        if len(kinds) == 1:
            return list(self.by_kind.get(kinds[0], ()))
        return sorted((fact for kind in kinds for fact in self.by_kind.get(kind, ())), key=lambda fact: fact.order)


class Match(BaseModel):
    """A declaration of evidence: a kind of fact, with one of the codes and one of the tags where they are named."""

    model_config = ConfigDict(extra="forbid")

    fact: str
    codes: list[str] = []
    tags: list[str] = []

    def fits(self, fact: Fact) -> bool:
        """Whether a fact is such evidence; a code stands for all codes below it."""
        return (
            fact.kind == self.fact
            and (not self.codes or any(fact.code.startswith(code) for code in self.codes))
            and (not self.tags or any(tag.startswith(wanted) for wanted in self.tags for tag in fact.tags))
        )


def found(history: History, wanted: Sequence[Match], since: dt.date, until: dt.date) -> list[Fact]:
    """Evidence between two days, both included, the earliest first."""
    kinds = {match.fact for match in wanted}
    return [
        fact for fact in history.of(*kinds) if since <= fact.day <= until and any(match.fits(fact) for match in wanted)
    ]
