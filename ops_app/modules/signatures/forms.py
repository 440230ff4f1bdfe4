"""Shape of what the pages of this module send."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from ops_app.i18n import _


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(_("The signature did not arrive whole; sign again")) from None
    return text


Base64 = Annotated[str, Field(max_length=2_000_000), AfterValidator(_base64)]


class EnterForm(BaseModel):
    """A signed challenge."""

    challenge: Annotated[int, Field(ge=1)]
    cms: Base64


class RuleForm(BaseModel):
    """Whether a kind of document must be signed; the number 0 stands for the whole installation."""

    kind: Annotated[str, Field(max_length=40)]
    organization_id: Annotated[int, Field(ge=0)]
    is_mandatory: bool


class AttemptFilter(BaseModel):
    """Which refused attempts are shown."""

    q: Annotated[str, Field(max_length=64)] | None = None
