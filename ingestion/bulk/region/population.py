"""The people of one district as arrays, one position per person."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from ingestion.bulk.region.days import FAR, Ints, full_years

Flags = NDArray[np.bool_]


def _empty() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass
class People:
    """Who lives, or lived, in a district; days are local day numbers."""

    id: Ints = field(default_factory=_empty)
    female: Ints = field(default_factory=_empty)
    birth: Ints = field(default_factory=_empty)
    death: Ints = field(default_factory=_empty)
    """Day of death, drawn beforehand; care may move it forward."""
    joined: Ints = field(default_factory=_empty)
    """First day of attachment here."""
    left: Ints = field(default_factory=_empty)
    """First day attached elsewhere."""
    moved: Ints = field(default_factory=_empty)
    """Day of moving to ``next_place`` within the district."""
    place: Ints = field(default_factory=_empty)
    next_place: Ints = field(default_factory=_empty)
    household: Ints = field(default_factory=_empty)
    mother: Ints = field(default_factory=_empty)
    """Position of the mother, or −1."""
    father_name: Ints = field(default_factory=_empty)
    """Position among male given names of the own kind."""
    russian: Ints = field(default_factory=_empty)
    surname: Ints = field(default_factory=_empty)
    """Position in the surname list, before sex."""
    given: Ints = field(default_factory=_empty)
    """Position in the list of given names of the own sex and kind."""
    russian_patronymic: Ints = field(default_factory=_empty)
    merged: Ints = field(default_factory=_empty)
    """Position of the person whose record stands for this one, or −1."""
    quiet: Ints = field(default_factory=_empty)
    """1 for people whose whole story is written by hand."""
    pregnant_until: Ints = field(default_factory=_empty)
    """Last day no new pregnancy can begin."""

    def __len__(self) -> int:
        return len(self.id)

    def append(self, count: int, **columns: Ints | int) -> Ints:
        """Add people; what is not given is empty, alive and staying. Return their positions."""
        first = len(self)
        for item in fields(self):
            default = {"death": FAR, "left": FAR, "moved": FAR, "mother": -1, "merged": -1}.get(item.name, 0)
            value = np.broadcast_to(np.asarray(columns.get(item.name, default), dtype=np.int64), (count,))
            setattr(self, item.name, np.concatenate([getattr(self, item.name), value]))
        if "next_place" not in columns:
            self.next_place[first:] = self.place[first:]
        return np.arange(first, first + count, dtype=np.int64)

    def age(self, who: Ints, on: Ints | int) -> Ints:
        """Full years of the people on a day."""
        return full_years(self.birth[who], on)

    def here(self, who: Ints, on: Ints | int) -> Flags:
        """Whether each lives and is attached here on a day."""
        return (self.joined[who] <= on) & (on < self.left[who]) & (on < self.death[who]) & (self.birth[who] <= on)

    def place_on(self, who: Ints, on: Ints | int) -> Ints:
        """Place of attachment on a day."""
        return np.where(np.asarray(on) >= self.moved[who], self.next_place[who], self.place[who])
