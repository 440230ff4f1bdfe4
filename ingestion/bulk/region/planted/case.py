"""One planted case and what a signal is expected to say about it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ingestion.bulk.region.district import District
from ingestion.bulk.region.hand import Character, introduce

Expected = Literal["open", "closed", "absent"]


@dataclass(frozen=True)
class Case:
    """A case by its id, its owner and whether it should be open, closed or not a case at all."""

    signal: str
    case_id: str
    organization_id: int
    expected: Expected
    story: str
    """Why, in a word or two; for the reader of a failed test."""

    def as_line(self) -> str:
        """One line of JSON; the reason stays with us."""
        stated = {key: value for key, value in asdict(self).items() if key != "story"}
        return json.dumps(stated, ensure_ascii=False) + "\n"


def case(signal: str, table: str, row: int, owner: int, expected: Expected, story: str) -> Case:
    """A case about a row."""
    return Case(signal, f"{signal}:{table}:{row}", owner, expected, story)


class Cast:
    """Introduces one person after another, going round the places of the district."""

    def __init__(self, district: District, first: int) -> None:
        self.district, self._turn = district, first

    def person(self, age: int, *, female: bool = False, **options: Any) -> Character:
        """The next person, of the next place."""
        self._turn += 1
        return introduce(self.district, self._turn % len(self.district.places.keys), female=female, age=age, **options)

    def other_place(self, person: Character) -> int:
        """A place of another organisation than the person's own."""
        organizations = self.district.places.organization
        return next(n for n in range(len(organizations)) if organizations[n] != person.organization)
