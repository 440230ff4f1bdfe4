"""What is new, release by release, in three languages: ``ops_app/content/releases``, one file a version."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field

from ops_app.kit.declared import Declared, Text

FOLDER = Path(__file__).parents[2] / "content" / "releases"


class Release(Declared):
    """A version and what it brings."""

    version: str = Field(pattern=r"^[0-9]+[.][0-9]+[.][0-9]+$")
    date: dt.date
    notes: tuple[Text, ...] = Field(min_length=1)


@lru_cache(maxsize=1)
def releases() -> tuple[Release, ...]:
    """All releases, the newest first."""
    found = [Release.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in FOLDER.glob("*.yaml")]
    return tuple(sorted(found, key=lambda each: [int(part) for part in each.version.split(".")], reverse=True))
