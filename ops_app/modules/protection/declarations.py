"""Checks and threats, declared in ``ops_app/content/protection``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from ops_app.kit.declared import Declared, Text

CONTENT = Path(__file__).resolve().parents[2] / "content" / "protection"
STANDARD = {"kk": "СТ РК ISO/IEC 27002-2015", "ru": "СТ РК ISO/IEC 27002-2015", "en": "ST RK ISO/IEC 27002-2015"}
Kind = Literal["measured", "confirmed", "controls"]


class Check(Declared):
    """One thing that protects personal data, and how it is proved."""

    code: str
    """For a control of the standard, its clauses."""
    kind: Kind
    source: Text
    title: Text
    task: Text
    """What to do, or for a confirmed one, what is confirmed."""
    program: Text | None = None
    """What the program holds by itself."""
    required: bool = False
    """In production nothing leaves while it is not met."""
    months: int = Field(12, ge=1, le=36)
    """How long a confirmation counts."""
    also: tuple[str, ...] = ()
    """Measured checks that must be met too."""


class Threat(Declared):
    """What could happen to the data, and the checks against it."""

    title: Text
    checks: tuple[str, ...] = Field(min_length=1)


def _entries(name: str) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = yaml.safe_load((CONTENT / f"{name}.yaml").read_text("utf-8"))
    return entries


@lru_cache(maxsize=1)
def checks() -> dict[str, Check]:
    """Every check by its code: measured ones, those of the law, controls of the standard."""
    found = {}
    kinds: tuple[Kind, ...] = ("measured", "confirmed", "controls")
    for kind in kinds:
        for code, about in _entries(kind).items():
            if kind == "controls":
                about = about | {"source": {language: f"{name}, {code}" for language, name in STANDARD.items()}}
            found[code] = Check.model_validate({"code": code, "kind": kind} | about)
    return found


@lru_cache(maxsize=1)
def threats() -> dict[str, Threat]:
    """Threats by code; one that names an unknown check stops the start."""
    found = {code: Threat.model_validate(about) for code, about in _entries("threats").items()}
    named = {code for each in found.values() for code in each.checks}
    named |= {code for check in checks().values() for code in check.also}
    if unknown := named - checks().keys():
        raise ValueError(f"unknown checks: {', '.join(sorted(unknown))}")
    return found
