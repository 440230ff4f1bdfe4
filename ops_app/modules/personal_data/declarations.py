"""What the law lists, declared in ``ops_app/content/personal_data``: data sets, terms, exceptions, refusals."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, Field

from ops_app.kit.declared import Declared, Text

CONTENT = Path(__file__).resolve().parents[2] / "content" / "personal_data"


class Listed(Declared):
    """An entry of a list of the law, with the place where it stands."""

    source: Text
    title: Text


class Retention(Listed):
    """How long a type of record is kept."""

    years: int = Field(ge=1, le=100)
    starts: Literal["last_record"]


class DataSet(Declared):
    """A database with personal data."""

    title: Text
    purpose: Text
    basis: Text
    tables: tuple[str, ...]
    """Tables, or whole schemas."""
    ways: tuple[Literal["patient", "representative", "submitted", "medical_records", "technology"], ...]
    retention: str

    def holds(self, table: str) -> bool:
        """Whether a table belongs here."""
        return table in self.tables or table.partition(".")[0] in self.tables


Model = TypeVar("Model", bound=BaseModel)


def _read(name: str, model: type[Model]) -> dict[str, Model]:
    entries = yaml.safe_load((CONTENT / f"{name}.yaml").read_text("utf-8"))
    return {code: model.model_validate(about) for code, about in entries.items()}


@lru_cache(maxsize=1)
def exceptions() -> dict[str, Listed]:
    """Cases in which data are given without consent."""
    return _read("exceptions", Listed)


@lru_cache(maxsize=1)
def refusals() -> dict[str, Listed]:
    """Reasons not to meet a request."""
    return _read("refusals", Listed)


@lru_cache(maxsize=1)
def retentions() -> dict[str, Retention]:
    """Terms of storage by type of record."""
    return _read("retention", Retention)


@lru_cache(maxsize=1)
def data_sets() -> dict[str, DataSet]:
    """The register of databases; a data set whose term nobody declared stops the start."""
    found = _read("data_sets", DataSet)
    for code, about in found.items():
        if about.retention not in retentions():
            raise ValueError(f"{code} names the unknown term {about.retention}")
    return found


def data_set_of(table: str) -> str | None:
    """The data set a table belongs to."""
    return next((code for code, about in data_sets().items() if about.holds(table)), None)
