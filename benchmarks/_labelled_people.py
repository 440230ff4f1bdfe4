"""People with doubles whose truth is known: each double bears one of the errors that registrars make.

Beside them live those who only look like doubles: twins, brothers and sisters, a father and a son of one name,
namesakes born in the same year. Names come from the synthetic district.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace

from ingestion.bulk.region.names import kazakh, kazakh_patronymic, russian, russian_patronymic
from ops_app.modules.patients.duplicates import Entered, entered

SHARE_OF_DOUBLES = 0.06
SHARE_OF_LOOKALIKES = 0.04
RUSSIAN_SHARE = 0.2
ERRORS = (
    "russian_spelling", "latin_spelling", "surname_change", "no_patronymic", "swapped_day_and_month", "typo",
    "none",
)  # fmt: skip
_RUSSIFIED = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноууxиАГКНОУУХИ".replace("x", "х"))
_LATIN = {
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "gh", "д": "d", "е": "e", "ё": "yo", "ж": "zh",
    "з": "z", "и": "i", "й": "y", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "ng", "о": "o",
    "ө": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "kh",
    "һ": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "і": "i", "ь": "", "э": "e",
    "ю": "yu", "я": "ya",
}  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A person as one record writes him."""

    family: str
    given: str
    patronymic: str | None
    birth_date: dt.date
    sex: str

    def entered(self) -> Entered:
        """As the register compares it."""
        return entered(self.family, self.given, self.patronymic, self.birth_date, self.sex)


@dataclass(frozen=True)
class Labelled:
    """A record, who it is of, and what is wrong with it."""

    person: Person
    truth: int
    error: str | None = None


def people(count: int, seed: int = 1) -> list[Labelled]:
    """This many records: people, those who look like some of them, and doubles with errors."""
    draw = random.Random(seed)
    doubles, lookalikes = int(count * SHARE_OF_DOUBLES), int(count * SHARE_OF_LOOKALIKES)
    persons = [_person(draw) for _ in range(count - doubles - lookalikes)]
    found = [Labelled(person, number) for number, person in enumerate(persons)]
    for number, person in enumerate(draw.sample(persons, lookalikes)):
        found.append(Labelled(_lookalike(draw, person, number % 4), len(found)))
    chosen = draw.sample(range(len(persons)), doubles)
    found += [
        Labelled(_double(draw, persons[truth], error), truth, error)
        for truth, error in zip(chosen, ERRORS * doubles, strict=False)
    ]
    draw.shuffle(found)
    return found


def _person(draw: random.Random) -> Person:
    female, is_russian = draw.random() < 0.52, draw.random() < RUSSIAN_SHARE
    names = russian() if is_russian else kazakh()
    born = dt.date(1936, 1, 1) + dt.timedelta(days=draw.randrange(90 * 365))
    father = draw.choice(names.men)
    # The Russian form was usual in documents of people born before independence.
    link = russian_patronymic if is_russian or born.year < 1991 else kazakh_patronymic
    return Person(
        draw.choice(names.surnames_female if female else names.surnames_male),
        draw.choice(names.women if female else names.men),
        link(father, female),
        born,
        "female" if female else "male",
    )


def _lookalike(draw: random.Random, person: Person, kind: int) -> Person:
    other = _person(draw)
    while other.sex != person.sex or other.given == person.given:
        other = _person(draw)
    if kind == 0:  # a twin
        return replace(person, given=other.given)
    if kind == 1:  # a brother or sister
        return replace(person, given=other.given, birth_date=other.birth_date)
    if kind == 2:  # father and son of one name
        return replace(person, patronymic=other.patronymic, birth_date=other.birth_date)
    day = other.birth_date.replace(day=min(28, other.birth_date.day), year=person.birth_date.year)
    return replace(person, patronymic=other.patronymic, birth_date=day)  # a namesake of the same year


def _double(draw: random.Random, person: Person, error: str) -> Person:
    if error == "russian_spelling":
        return _respelled(person, lambda name: name.translate(_RUSSIFIED))
    if error == "latin_spelling":
        return _respelled(person, in_latin)
    if error == "surname_change":
        return replace(person, family=_married(draw, person))
    if error == "no_patronymic":
        return replace(person, patronymic=None)
    if error == "swapped_day_and_month" and person.birth_date.day <= 12:
        born = person.birth_date
        return replace(person, birth_date=born.replace(month=born.day, day=born.month))
    if error == "typo":
        return replace(person, family=_typo(draw, person.family))
    return person


def _respelled(person: Person, spell: object) -> Person:
    assert callable(spell)
    patronymic = spell(person.patronymic) if person.patronymic else None
    return replace(person, family=spell(person.family), given=spell(person.given), patronymic=patronymic)


def in_latin(name: str) -> str:
    """The name as a passport writes it."""
    return "".join(_LATIN.get(letter, letter) for letter in name.lower()).capitalize()


def _married(draw: random.Random, person: Person) -> str:
    if person.sex == "male":
        # Men rather drop the Russian ending: Ахметов becomes Ахмет.
        stem = person.family[:-2]
        return stem if person.family.endswith(("ов", "ев")) and len(stem) > 4 else person.family
    names = draw.choice((kazakh(), kazakh(), kazakh(), russian()))
    return draw.choice(names.surnames_female)


def _typo(draw: random.Random, name: str) -> str:
    place = draw.randrange(1, len(name))
    kind = draw.randrange(3)
    if kind == 0:
        return name[:place] + name[place + 1 :]
    if kind == 1:
        return name[:place] + draw.choice("абвгдеклмнорст") + name[place + 1 :]
    return name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :]
