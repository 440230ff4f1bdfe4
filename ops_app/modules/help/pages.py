"""The pages of help, from ``content/help/pages.yaml``: each in Kazakh, Russian and English, or it does not load."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, StringConstraints, model_validator

from ops_app import i18n
from ops_app.kit.declared import Declared, Text
from ops_app.permissions import Role

FILE = Path(__file__).parents[2] / "content" / "help" / "pages.yaml"
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)]
Steps = Annotated[list[Words], Field(min_length=3, max_length=8)]


class Listed(Declared):
    """Steps in the three languages, as many in each."""

    kk: Steps
    ru: Steps
    en: Steps

    @model_validator(mode="after")
    def same_steps(self) -> Listed:
        """A step that only one language knows is a step somebody will miss."""
        if len({len(self.kk), len(self.ru), len(self.en)}) != 1:
            raise ValueError("the languages have different numbers of steps")
        return self


class HelpPage(Declared):
    """How to do the main jobs of some roles."""

    id: str
    roles: list[Role]
    title: Text
    steps: Listed
    law: Text | None = None
    """Where a step follows an order that is not obvious."""

    @property
    def told(self) -> list[str]:
        """The steps in the language of the request."""
        return list(getattr(self.steps, i18n.language()))


@lru_cache(maxsize=1)
def pages() -> tuple[HelpPage, ...]:
    """All pages, read once."""
    declared = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return tuple(HelpPage.model_validate(each) for each in declared)


def for_roles(roles: Collection[str]) -> tuple[list[HelpPage], list[HelpPage]]:
    """Pages of the reader's own work, and the others."""
    own = [page for page in pages() if any(role in roles for role in page.roles)]
    return own, [page for page in pages() if page not in own]
