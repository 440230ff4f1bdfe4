"""Shape of what is posted to this module."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from ops_app.i18n import _
from ops_app.kit.choices import listed
from ops_app.mechanisms.closed_topics.declaration import topics
from ops_app.modules.organizations.models import POSITIONS
from ops_app.modules.patients.access import MAPPED

BIGGEST = 2**63 - 1
Number = Annotated[int, Field(ge=1, le=BIGGEST)]


def _topic(value: str) -> str:
    if value not in topics():
        raise ValueError(_("Choose one of the listed values"))
    return value


class CardRuleForm(BaseModel):
    """A cell of the permission map."""

    organization_id: Number
    role: Annotated[str, Field(max_length=80)]
    rule: Annotated[str, listed(MAPPED)]
    answer: Literal["yes", "no"]


class TopicCircleForm(BaseModel):
    """A cell of the circle of a closed topic."""

    organization_id: Number
    topic: Annotated[str, AfterValidator(_topic)]
    position: Annotated[str, listed(POSITIONS)] | None = None
    answer: Literal["yes", "no"]


class OpenForm(BaseModel):
    """Why records of closed topics must be seen."""

    reason: Annotated[str, Field(min_length=5, max_length=500)]
