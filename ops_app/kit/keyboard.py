"""What was meant when the keyboard stood on another layout."""

from __future__ import annotations

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_KAZAKH_DIGITS = str.maketrans("2345890-", "әіңғүұқө")
_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
# Cyrillic letters that look like the Latin ones of a code: "С50" typed without switching.
_LOOKALIKES = str.maketrans("авсенкмортхі", "abcehkmoptxi")


def as_code(text: str) -> str:
    """A code typed with Cyrillic letters of the same shape, in Latin capitals."""
    return text.strip().lower().translate(_LOOKALIKES).upper()


def readings(text: str) -> list[str]:
    """The text as typed, then as it would stand on the other layouts, without repeats."""
    lowered = text.lower()
    found = [lowered, lowered.translate(_TO_RUSSIAN), lowered.translate(_TO_LATIN)]
    if any(letter.isalpha() for letter in lowered) and any(key in lowered for key in "2345890-"):
        # On the Kazakh layout the digit row carries the Kazakh letters.
        found.append(lowered.translate(_TO_RUSSIAN).translate(_KAZAKH_DIGITS))
    return list(dict.fromkeys(found))
