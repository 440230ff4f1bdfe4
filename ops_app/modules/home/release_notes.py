"""What is new, release by release, in three languages: ``ops_app/content/releases``, one file a version."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from ops_app.i18n import language

FOLDER = Path(__file__).parents[2] / "content" / "releases"


class Note(BaseModel):
    """One change, as those who work with it would tell it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kk: str = Field(min_length=5)
    ru: str = Field(min_length=5)
    en: str = Field(min_length=5)

    def __str__(self) -> str:
        return str(getattr(self, language()))


class Release(BaseModel):
    """A version and what it brings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern=r"^[0-9]+[.][0-9]+[.][0-9]+$")
    date: dt.date
    notes: tuple[Note, ...] = Field(min_length=1)


@lru_cache(maxsize=1)
def releases() -> tuple[Release, ...]:
    """All releases, the newest first."""
    found = [Release.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in FOLDER.glob("*.yaml")]
    return tuple(sorted(found, key=lambda each: [int(part) for part in each.version.split(".")], reverse=True))
