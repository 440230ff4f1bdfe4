"""A field whose values are the codes of one table of titles."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def listed(codes: Collection[str]) -> AfterValidator:
    """Refuse whatever is none of these codes, in the words of a ``Literal``."""

    def check(value: str) -> str:
        if value not in codes:
            raise PydanticCustomError("literal_error", "none of the listed values")
        return value

    return AfterValidator(check)
