"""The systems this installation may talk to, declared in ``content/registries/<name>.yaml``."""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field

from ops_app.kit.declared import Declared, Text

CONTENT = Path(__file__).resolve().parents[2] / "content" / "registries"


class System(Declared):
    """One outside system."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    title: Text
    adapter: str
    """``https``, ``hl7``, ``folder``, or ``package.module:Class`` of an adapter of one's own."""
    options: dict[str, str] = {}
    """What the adapter wants to know and is no secret."""
    attempts: int = Field(12, ge=1, le=100)
    """How often a message is tried before somebody must look at it."""
    first_wait_seconds: int = Field(30, ge=0)

    @property
    def first_wait(self) -> dt.timedelta:
        """Between the first failure and the second attempt; doubled each time."""
        return dt.timedelta(seconds=self.first_wait_seconds)

    def setting(self, what: str) -> str | None:
        """A value of this installation: ``SAULYQ_REGISTRY_<NAME>_<WHAT>``."""
        return os.environ.get(f"SAULYQ_REGISTRY_{self.name.upper()}_{what}") or None


@lru_cache(maxsize=1)
def systems() -> dict[str, System]:
    """All declared systems by name; a wrong declaration stops the start."""
    found = {}
    for file in sorted(CONTENT.glob("*.yaml")):
        found[file.stem] = System.model_validate({"name": file.stem} | yaml.safe_load(file.read_text("utf-8")))
    return found
