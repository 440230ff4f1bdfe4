"""Shape of what the notice pages send."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError


class SettingsForm(BaseModel):
    """Whether and where notices come by e-mail, and of which kinds."""

    by_email: bool = False
    address: (
        Annotated[str, Field(max_length=200, pattern=r"^[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+$")] | None
    ) = None
    kinds: list[str] = []

    @model_validator(mode="after")
    def _needs_address(self) -> SettingsForm:
        if self.by_email and self.address is None:
            raise PydanticCustomError("missing", "address")
        return self


class ReadTogether(BaseModel):
    """The moment at which a person marked all notices as read."""

    read_at: AwareDatetime
