"""Twelve digits with a control digit: the IIN of a person, the BIN of a legal entity."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from ops_app.i18n import _

_SECOND_PASS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
NEVER_ISSUED = 10
"""A remainder that stays ten after both passes belongs to a number that is never issued."""


def control_digit(first_eleven: str) -> int:
    """The twelfth digit by the two-pass rule; ``NEVER_ISSUED`` when there is none."""
    digits = [int(digit) for digit in first_eleven]
    rest = sum(weight * digit for weight, digit in enumerate(digits, start=1)) % 11
    if rest == NEVER_ISSUED:
        rest = sum(weight * digit for weight, digit in zip(_SECOND_PASS, digits, strict=True)) % 11
    return rest


def is_bin(digits: str) -> bool:
    """Year, month, 4 for a resident, 5 for a non-resident, 6 for a joint sole proprietor; the control digit fits."""
    return (
        len(digits) == 12
        and digits.isascii()
        and digits.isdigit()
        and digits[4] in "456"
        and 1 <= int(digits[2:4]) <= 12
        and control_digit(digits[:11]) == int(digits[11])
    )


def _checked(value: str) -> str:
    digits = value.replace(" ", "")
    if len(digits) != 12:
        raise ValueError(_("A BIN has 12 digits"))
    if not is_bin(digits):
        raise ValueError(_("This is not a BIN: a digit is wrong"))
    return digits


BusinessNumber = Annotated[str, AfterValidator(_checked)]
"""A BIN as typed in a form."""
