"""Names of people as Kazakh and Russian documents write them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ingestion.bulk.region.calibration import content

_ENDS_IN = ("ов", "ев", "ёв", "ин", "ын")
_VOWELS = "аәеёиоөуұүыіэюя"


@dataclass(frozen=True)
class NameLists:
    """Given names and surnames of one people; the two forms of a surname share a position."""

    men: tuple[str, ...]
    women: tuple[str, ...]
    surnames_male: tuple[str, ...]
    surnames_female: tuple[str, ...]


def female_surname(surname: str) -> str:
    """The form a woman bears."""
    return surname + "а" if surname.endswith(_ENDS_IN) else surname


def kazakh_patronymic(father: str, female: bool) -> str:
    """Father's name with -ұлы or -қызы."""
    return father + ("қызы" if female else "ұлы")


def russian_patronymic(father: str, female: bool) -> str:
    """Father's name with -ович or -евич and their kin, as in most documents of people born before 1991."""
    if father.endswith("ий") and not father.endswith("трий"):
        stem, link = father[:-2] + "ь", "ев"
    elif father[-1] in "йь":
        stem, link = father[:-1], "ев"
    elif father[-1] in "ая":
        stem, link = father[:-1], "ов"
    else:
        stem, link = father, "ев" if father[-1] in _VOWELS + "жчшщц" else "ов"
    return stem + link + ("на" if female else "ич")


@cache
def kazakh() -> NameLists:
    """Names of mimesis together with our own list, each once."""
    text = files("mimesis").joinpath("datasets", "kk", "person.json").read_text(encoding="utf-8")
    listed = json.loads(text)
    own = content("names")
    surnames = [s for s in listed["surnames"]["male"] if s.endswith(_ENDS_IN)]
    return _lists(
        [*own["men_kk"] * 3, *listed["names"]["male"]],
        [*own["women_kk"] * 3, *listed["names"]["female"]],
        [*own["surnames_kk"], *surnames],
    )


@cache
def russian() -> NameLists:
    """A short Russian list."""
    own = content("names")
    return _lists(own["men_ru"], own["women_ru"], own["surnames_ru"])


def _lists(men: list[str], women: list[str], surnames: list[str]) -> NameLists:
    # Names of our list come three times: they are the common ones.
    distinct = sorted(set(surnames))
    return NameLists(
        tuple(sorted(name for name in men if _plain(name))),
        tuple(sorted(name for name in women if _plain(name))),
        tuple(distinct),
        tuple(female_surname(name) for name in distinct),
    )


def _plain(name: str) -> bool:
    return name.isalpha() and len(name) > 2


@dataclass(frozen=True)
class NameBook:
    """All name forms in one list each, with their folded and sortable spelling.

    A person's name is three positions in these lists; ``offsets`` say where each part begins.
    """

    families: tuple[str, ...]
    givens: tuple[str, ...]
    patronymics: tuple[str, ...]

    def position(self, part: str, name: str) -> int:
        """Where a name stands; only for people written by hand."""
        listed: tuple[str, ...] = getattr(self, part)
        return listed.index(name)


@cache
def book(extra: tuple[tuple[str, str, str], ...] = ()) -> NameBook:
    """The forms in the order that `draw` relies on, then names of people written by hand."""
    kk, ru = kazakh(), russian()
    patronymics = [
        *(kazakh_patronymic(father, female) for female in (False, True) for father in kk.men),
        *(russian_patronymic(father, female) for female in (False, True) for father in kk.men),
        *(russian_patronymic(father, female) for female in (False, True) for father in ru.men),
    ]
    families, givens, fathers = zip(*extra, strict=True) if extra else ((), (), ())
    return NameBook(
        (*kk.surnames_male, *kk.surnames_female, *ru.surnames_male, *ru.surnames_female, *families),
        (*kk.men, *kk.women, *ru.men, *ru.women, *givens),
        (*patronymics, *fathers),
    )
