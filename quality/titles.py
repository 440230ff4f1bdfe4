"""What each kind of check says, for the people who read the results."""

from __future__ import annotations

from typing import TypedDict


class Titles(TypedDict):
    """One text in the three languages."""

    title_kk: str
    title_ru: str
    title_en: str


def _titles(kk: str, ru: str, en: str) -> Titles:
    return Titles(title_kk=kk, title_ru=ru, title_en=en)


KINDS: dict[str, Titles] = {
    "rows": _titles("жүктелген жолдар", "загруженные строки", "rows loaded"),
    "required": _titles("мәні жоқ", "нет значения", "value is missing"),
    "code": _titles("белгісіз код", "неизвестный код", "unknown code"),
    "shape": _titles("кодтың пішімі қате", "неверный формат кода", "wrong form of a code"),
    "range": _titles("мәні рұқсат етілген шектен тыс", "значение вне допустимых границ", "value outside the limits"),
    "order": _titles("күндердің реті бұзылған", "нарушен порядок дат", "dates out of order"),
    "identifier": _titles(
        "код бағанында адамды танытатын дерек бар",
        "в поле кода есть данные, указывающие на человека",
        "a code column names a person",
    ),
    "unit": _titles(
        "өлшем бірлігі анықталмады", "единица измерения не распознана", "unit of measurement not identified"
    ),
    "plausible": _titles(
        "мәні тірі адамда болмайды", "значение невозможно для живого человека", "value no living person has"
    ),
    "former": _titles("бұрынғы ереже бойынша", "по прежнему правилу", "by a former rule"),
}
