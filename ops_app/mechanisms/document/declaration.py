"""The kinds of documents: one YAML file and one typst template each in `ops_app/content/documents`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, model_validator

from ops_app.kit.declared import Declared, Text

FOLDER = Path(__file__).parents[2] / "content" / "documents"
LANGUAGES = ("kk", "ru")
"""Documents are issued in the two languages of the state; English is for screens only."""


class TypedField(Declared):
    """Something the person who forms the document types."""

    name: str = Field(pattern=r"^[a-z_]{2,40}$")
    title: Text
    required: bool = False
    max_length: int = Field(500, ge=1, le=4000)


class Declaration(Declared):
    """A kind of document."""

    kind: str = Field(pattern=r"^[a-z_]{3,40}$")
    version: str
    prefix: str = Field(pattern=r"^[A-Z]{1,6}$")
    about: Literal["visit", "study", "request", "order"]
    """What it is formed from: a visit on the visit's page, anything else where its module forms it."""
    title: Text
    signature: Literal["mandatory", "optional"]
    """Unless the administrator of an organisation said otherwise."""
    one_per_visit: bool = False
    """A second one is a new version of the first, under its number."""
    fields: tuple[TypedField, ...] = ()
    labels: dict[str, Text] = {}
    """The fixed texts of the template."""

    @model_validator(mode="after")
    def _has_a_template(self) -> Declaration:
        if not self.template.exists():
            raise ValueError(f"{self.kind} has no template {self.template.name}")
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.kind} repeats a field")
        missing = sorted(self._used_labels() - self.labels.keys())
        if missing:
            raise ValueError(f"{self.kind} has no labels {', '.join(missing)}")
        return self

    def _used_labels(self) -> set[str]:
        """What the template and the sheet it is set on call by name; found before a document is formed, not after."""
        used: set[str] = set()
        for file in (self.template, FOLDER / "sheet.typ"):
            used |= set(re.findall(r"\bd\.labels\.([a-z0-9_]+)", file.read_text(encoding="utf-8")))
        return used

    @property
    def template(self) -> Path:
        """The typst file that sets it."""
        return FOLDER / f"{self.kind}.typ"


@lru_cache(maxsize=1)
def declarations() -> dict[str, Declaration]:
    """All kinds by name; a wrong file stops the start."""
    found: dict[str, Declaration] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        declared = Declaration.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        if declared.kind != file.stem:
            raise ValueError(f"{file.name} calls itself {declared.kind}")
        if declared.prefix in {other.prefix for other in found.values()}:
            raise ValueError(f"{file.name} repeats the prefix {declared.prefix}")
        found[declared.kind] = declared
    return found


def number(declared: Declaration, year: int, sequence: int) -> str:
    """The number as it is printed: MR-2026-000042."""
    return f"{declared.prefix}-{year}-{sequence:06d}"
