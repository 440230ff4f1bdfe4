"""Numbers as they are written here: decimal comma, thin space between thousands."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def show_number(value: float | Decimal | None, digits: int | None = None) -> str:
    """1 234,5; ``digits`` fixes the places after the comma."""
    if value is None:
        return ""
    if digits is None:
        digits = 0 if float(value).is_integer() else 1
    return f"{value:,.{digits}f}".replace(",", THIN_SPACE).replace(".", ",")


def _number_input(value: object) -> object:
    if not isinstance(value, str):
        return value
    return re.sub(r"\s", "", value).replace(",", ".")


DecimalInput = Annotated[float, BeforeValidator(_number_input)]
"""A form field that accepts 36,6 and 36.6."""
