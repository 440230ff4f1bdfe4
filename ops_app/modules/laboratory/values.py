"""A value by the type of its parameter: read from what was typed, judged beside its range, shown. No database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ops_app.errors import Invalid
from ops_app.i18n import _, language
from ops_app.kit.numbers import show_number
from ops_app.modules.laboratory.models import Parameter, Result
from ops_app.modules.laboratory.ranges import Limits, flag_of

_NUMBER = re.compile(r"^(<=|>=|<|>|≤|≥)?\s*(-?\d+(?:[.,]\d+)?)$")
_TITRE = re.compile(r"^(?:1\s*[:/]\s*)?(\d{1,6})$")
_SIGNS = {"≤": "<=", "≥": ">="}


@dataclass(frozen=True, slots=True)
class Value:
    """What was measured."""

    number: float | None = None
    comparator: str | None = None
    code: str | None = None
    text: str | None = None


def read_value(parameter: Parameter, typed: str) -> Value:
    """Read what a person typed; refused with an example when it is not of the parameter's type."""
    typed = typed.strip()
    if parameter.kind == "numeric":
        return _number(parameter, typed)
    if parameter.kind == "enumerated":
        if typed not in {choice["code"] for choice in parameter.choices or ()}:
            raise Invalid(_("Choose one of the listed values"), field=parameter.code)
        return Value(code=typed)
    if parameter.kind == "titre":
        match = _TITRE.match(typed)
        if match is None and typed != "0":
            raise Invalid(_("Write a titre, for example 1:8, or 0"), field=parameter.code)
        return Value(number=float(match[1]) if match else 0.0)
    if len(typed) > 4000:
        raise Invalid(_("Too long: at most %(n)s characters", n=4000), field=parameter.code)
    return Value(text=typed)


def _number(parameter: Parameter, typed: str) -> Value:
    match = _NUMBER.match(re.sub(r"(?<=\d)\s(?=\d{3})", "", typed))
    if match is None:
        raise Invalid(_("Write a number, for example 36,6"), field=parameter.code)
    number = float(match[2].replace(",", "."))
    refuse_impossible(parameter, number)
    sign = match[1]
    return Value(number=number, comparator=_SIGNS.get(sign, sign) if sign else None)


def is_possible(parameter: Parameter, number: float) -> bool:
    """Whether a living person can have this value."""
    low, high = parameter.possible_low, parameter.possible_high
    return (low is None or number >= low) and (high is None or number <= high)


def refuse_impossible(parameter: Parameter, number: float) -> None:
    """A value outside what is possible was mistyped."""
    if not is_possible(parameter, number):
        raise Invalid(
            _(
                "Between %(low)s and %(high)s; check the number and its unit",
                low=show_number(parameter.possible_low, 2) or "…",
                high=show_number(parameter.possible_high, 2) or "…",
            ),
            field=parameter.code,
        )


def converted(parameter: Parameter, number: float, unit: str | None) -> float | None:
    """A number in the parameter's own unit; None when the unit it came in is not known."""
    if not unit or parameter.unit is None or same_unit(unit, parameter.unit):
        return number
    for theirs, factor in parameter.conversions.items():
        if same_unit(unit, theirs):
            return number * factor
    return None


def same_unit(one: str, other: str) -> bool:
    """Whether two spellings name one unit: analysers write 10^9/L, 10*9/l and 10E9/L."""
    return _folded(one) == _folded(other)


def _folded(unit: str) -> str:
    folded = re.sub(r"[\s{}]", "", unit).lower().replace("^", "*").replace("µ", "u").replace("μ", "u")
    return re.sub(r"x?10[e*]", "10*", folded).replace("giga/l", "10*9/l").replace("g/l/l", "g/l")


def judged(parameter: Parameter, value: Value, limits: Limits | None) -> str | None:
    """The flag of a value."""
    if parameter.kind == "numeric" and value.number is not None:
        return flag_of(value.number, limits, value.comparator)
    if parameter.kind == "titre" and value.number is not None:
        return None if parameter.normal_titre is None else "A" if value.number > parameter.normal_titre else "N"
    for choice in parameter.choices or ():
        if choice["code"] == value.code:
            return "AA" if choice["critical"] else "A" if choice["abnormal"] else "N"
    return None


def title_of(row: object) -> str:
    """The title of a catalogue row in the reader's language."""
    return str(getattr(row, f"title_{language()}"))


def show_value(parameter: Parameter, result: Result) -> str:
    """The value as it is read, without its unit."""
    if parameter.kind == "titre" and result.value_number is not None:
        return f"1:{result.value_number:.0f}" if result.value_number else "0"
    if result.value_number is not None:
        shown = show_number(result.value_number, parameter.decimals if parameter.decimals is not None else 2)
        return f"{result.comparator or ''} {shown}".strip()
    if result.value_code is not None:
        for choice in parameter.choices or ():
            if choice["code"] == result.value_code:
                return str(choice[language()])
        return result.value_code
    return result.value_text or ""


def field_text(parameter: Parameter, result: Result | None) -> str:
    """What stands in the field of a value: the code of a choice, else the value as it is read."""
    if result is None:
        return ""
    if parameter.kind == "enumerated":
        return result.value_code or result.value_text or ""
    return show_value(parameter, result)


def show_range(parameter: Parameter, result: Result) -> str:
    """The limits a value was judged by."""
    if result.reference_text:
        return result.reference_text
    digits = parameter.decimals if parameter.decimals is not None else 2
    low, high = (
        show_number(limit, None if limit is not None and digits == 0 else digits) if limit is not None else ""
        for limit in (result.low, result.high)
    )
    if low and high:
        return f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""
