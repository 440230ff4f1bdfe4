"""Parts of a person's name, and when two spellings are one typo apart."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ops_app.kit.spelling import fold

SHORTEST_WITH_TYPO = 3
"""In two letters one wrong letter makes another name; such parts are matched as written."""

SOUNDS = (("sh", "w"), ("ch", "q"), ("ts", "c"), ("ia", "y"), ("iu", "x"))
"""Letters that folding never leaves stand for the sounds that it writes with two."""

_WORDS = re.compile(r"[^\W\d_]+(?:[-'’`][^\W\d_]+)*")
# "Ахмет қызы" is one patronymic, however it was typed.
_KINSHIP = {"kizi", "uli", "ogli", "kizin", "ulu"}


def folded_parts(text: str) -> list[str]:
    """Fold each word of a name; a separate "қызы" or "ұлы" joins the word before it."""
    parts: list[str] = []
    for word in _WORDS.findall(text):
        part = fold(word)
        if not part:
            continue
        if part in _KINSHIP and parts:
            parts[-1] = fold(parts[-1] + part)
        else:
            parts.append(part)
    return parts


def tokens_of(names: Iterable[str | None]) -> set[str]:
    """Folded tokens under which the names are found."""
    return {token for token in (fold(name) for name in names if name) if token}


def by_sound(part: str) -> str:
    """The folded part with one letter for each sound."""
    for written, sound in SOUNDS:
        part = part.replace(written, sound)
    return part


def spellings(part: str) -> set[str]:
    """The part, by letter and by sound, and both with one place left out: what the typo index is asked for."""
    whole = {part, by_sound(part)}
    return whole | {form[:i] + form[i + 1 :] for form in whole for i in range(len(form))}


def one_typo_apart(one: str, other: str) -> bool:
    """Whether at most one typo lies between two folded parts, counted in Latin letters or in sounds.

    "Яна" for "Ана" is one wrong key though it folds to two letters; "Ириан" for "Ирина" is one swap
    of letters though the sounds differ.
    """
    return _one_letter_apart(one, other) or _one_letter_apart(by_sound(one), by_sound(other))


def _one_letter_apart(one: str, other: str) -> bool:
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    if len(rest) != len(other_rest):
        return rest[1:] == other_rest or rest == other_rest[1:]
    return rest[1:] == other_rest[1:] or (
        rest[:2] == other_rest[1::-1] and len(rest) >= 2 and rest[2:] == other_rest[2:]
    )
