"""One spelling for a name written in Kazakh, Russian or Latin letters, and Kazakh sorting.

The server has no ICU collations, so whatever is listed by name stores ``sort_key``.
"""

from __future__ import annotations

import unicodedata

# Sounds that registrars spell differently meet in one Latin letter: Әлия, Алия and Aliya → "alia".
MET_LETTERS = {
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "j",
    "з": "z", "и": "i", "й": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o",
    "ө": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "h",
    "һ": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "і": "i", "ь": "", "э": "e",
    "ю": "iu", "я": "ia",
}  # fmt: skip
LATIN_PAIRS = (
    ("shch", "sh"), ("kh", "h"), ("gh", "g"), ("zh", "j"), ("dzh", "j"), ("ng", "n"), ("ya", "ia"),
    ("yu", "iu"), ("yo", "e"), ("ye", "e"), ("ts", "ts"), ("ph", "f"), ("x", "ks"), ("q", "k"), ("w", "u"),
    ("y", "i"), ("c", "c"),
)  # fmt: skip

_KAZAKH_ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
_SORT = {letter: "~" + chr(ord("0") + index) for index, letter in enumerate(_KAZAKH_ALPHABET)}


def fold(name: str) -> str:
    """Return the script-neutral spelling: lower-case ASCII letters, runs of one letter shortened."""
    lowered = unicodedata.normalize("NFC", name).lower()
    cyrillic = "".join(MET_LETTERS.get(letter, letter) for letter in lowered)
    latin = "".join(c for c in unicodedata.normalize("NFD", cyrillic) if not unicodedata.combining(c))
    latin = latin.replace("ı", "i")
    for written, meant in LATIN_PAIRS:
        latin = latin.replace(written, meant)
    letters = [c for c in latin if "a" <= c <= "z"]
    return "".join(c for i, c in enumerate(letters) if i == 0 or letters[i - 1] != c)


def sort_key(text: str) -> str:
    """Return ASCII text that sorts as the Kazakh alphabet does; Latin letters and digits come first."""
    lowered = unicodedata.normalize("NFC", text).lower()
    return "".join(_SORT.get(letter, letter if letter.isascii() else "") for letter in lowered)
