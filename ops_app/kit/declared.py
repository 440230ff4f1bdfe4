"""What declarations in YAML share: a misspelt key is refused, a text is told in the three languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from ops_app import i18n

Words = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


class Declared(BaseModel):
    """A part of a declaration; a key it does not know is an error, not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Declared):
    """A text in the three languages."""

    kk: Words
    ru: Words
    en: Words

    def of(self, language: str) -> str:
        """The text in a language: ``kk``, ``ru`` or ``en``."""
        return str(getattr(self, language))

    def __str__(self) -> str:
        """The text in the language of the request."""
        return self.of(i18n.language())
