"""Words looked for in columns, in whichever script, keyboard layout and order somebody typed them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_

from ops_app.kit.keyboard import readings
from ops_app.kit.spelling import LATIN_PAIRS, MET_LETTERS, fold

SHORTEST_FOLDED = 2
"""One folded letter stands in nearly every name."""


def has_words(columns: Sequence[Any], text: str) -> ColumnElement[bool]:
    """Rows in whose columns all the words of a text stand: as typed, as they sound, or as on another layout."""
    told = func.concat_ws(" ", *columns)
    lowered, sounds = func.lower(told), folded(told)

    def stands(word: str) -> ColumnElement[bool]:
        return lowered.contains(word, autoescape=True)

    def is_heard(word: str) -> ColumnElement[bool]:
        sound = fold(word)
        # a word with a digit is a number or a code, and says nothing by its letters alone
        if len(sound) < SHORTEST_FOLDED or any(letter.isdigit() for letter in word):
            return stands(word)
        return or_(stands(word), sounds.contains(sound))

    typed, *other_layouts = readings(text)
    return or_(
        and_(*(is_heard(word) for word in typed.split())),
        *(and_(*(stands(word) for word in reading.split())) for reading in other_layouts),
    )


def folded(told: Any) -> ColumnElement[str]:
    """What ``spelling.fold`` makes of each word, by the database."""
    long = {letter: sound for letter, sound in MET_LETTERS.items() if len(sound) > 1}
    short = {letter: sound for letter, sound in MET_LETTERS.items() if len(sound) == 1}
    silent = [letter for letter, sound in MET_LETTERS.items() if not sound]
    lowered = func.translate(func.lower(told), "".join([*short, "ı", *silent]), "".join([*short.values(), "i"]))
    latin = reduce(lambda made, pair: func.replace(made, *pair), long.items(), lowered)
    bare = func.regexp_replace(func.normalize(latin, literal_column("NFD")), "[\u0300-\u036f]", "", "g")
    met = reduce(lambda made, pair: func.replace(made, *pair), LATIN_PAIRS, bare)
    letters = func.regexp_replace(met, "[^a-z ]", "", "g")
    return func.regexp_replace(letters, r"([a-z])\1+", r"\1", "g")
