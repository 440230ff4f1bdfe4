"""What differs between analysers, as YAML: where a message or a file holds the tube, the code, the value, the unit."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, field_validator

from ops_app.kit.declared import Declared

CONTENT = Path(__file__).parents[2] / "content" / "analysers"

Position = tuple[int, int]
"""A field and a component of it, counted from 1; component 0 is the whole field."""


class ControlMark(Declared):
    """A field that marks the specimen as a control."""

    record: Literal["O", "P", "R"] = "O"
    position: Position
    equals: str


class Columns(Declared):
    """Headers of a file's columns; the first that is there counts."""

    specimen: tuple[str, ...]
    code: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    interpretation: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()


class FileLayout(Declared):
    """How a file of results is laid out."""

    columns: Columns
    code: str | None = None
    """Of analysers that measure one thing at a time and do not say which."""
    control_tasks: tuple[str, ...] = ()
    control_specimens: tuple[str, ...] = ()
    skip_interpretations: tuple[str, ...] = ()
    """Rows that only say that an internal control worked."""
    unit: str | None = None


class Profile(Declared):
    """One kind of analyser."""

    title: str
    protocol: Literal["astm", "file"]
    senders: tuple[str, ...] = ()
    """How it may call itself, as regular expressions, for an administrator who registers one."""
    specimen: tuple[Position, ...] = ((3, 1), (4, 1))
    code: tuple[int, ...] = (4, 5, 1)
    """Components of the test field, the first that is filled."""
    only: tuple[int, str] | None = None
    """A component of the test field and what it must say: some send a signal beside each value."""
    observed: tuple[int, ...] = (13, 12, 11, 10)
    controls: tuple[ControlMark, ...] = (ControlMark(position=(12, 0), equals="Q"),)
    ignore: tuple[str, ...] = ()
    """Codes that are no results: pictures, flags; regular expressions."""
    codes: dict[str, str] = Field(default_factory=dict)
    """Its codes, and the parameter each is here."""
    units: dict[str, str] = Field(default_factory=dict)
    """How it spells units, and how UCUM does."""
    values: dict[str, str] = Field(default_factory=dict)
    """Words it uses for findings, and the code of the finding here."""
    query_specimen: tuple[Position, ...] = ((3, 2), (3, 1))
    takes_orders: bool = False
    """Whether orders may be sent to it unasked."""
    sends_names: bool = False
    """Whether an order carries the person's name; without, the tube's code is enough."""
    order_specimen: Position = (3, 0)
    order_code_prefix: str = "^^^"
    charset: Literal["utf-8", "cp1251"] = "utf-8"
    file: FileLayout | None = None

    @field_validator("ignore", "senders")
    @classmethod
    def _expressions(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        for each in listed:
            re.compile(each)
        return listed

    def ignores(self, code: str) -> bool:
        """Whether a code is no result."""
        return any(re.fullmatch(each, code) for each in self.ignore)

    def unit(self, sent: str) -> str | None:
        """The unit in UCUM's spelling; None when none was sent."""
        if not sent:
            return None
        plain = sent.replace("μ", "u").replace("µ", "u").replace("^", "*").strip()
        return self.units.get(sent) or self.units.get(plain) or _SPELLINGS.get(plain.lower()) or plain


_SPELLINGS = {
    "mmol/l": "mmol/L",
    "umol/l": "umol/L",
    "g/l": "g/L",
    "u/l": "U/L",
    "iu/l": "U/L",
    "meq/l": "meq/L",
    "g/dl": "g/dL",
    "mg/dl": "mg/dL",
    "mg/l": "mg/L",
    "ng/ml": "ng/mL",
    "sec": "s",
    "x10*12/l": "10*12/L",
    "x10*9/l": "10*9/L",
}
"""Spellings that many analysers share, in lower case."""


@lru_cache(maxsize=1)
def profiles() -> dict[str, Profile]:
    """All declared profiles by name."""
    return {path.stem: load(path) for path in sorted(CONTENT.glob("*.yaml"))}


def load(path: Path) -> Profile:
    """One declaration, checked."""
    return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def profile(name: str | None, protocol: Literal["astm", "file"] = "astm") -> Profile:
    """A profile by its name; without one, what the standard says."""
    found = profiles().get(name or "")
    return found if found is not None else Profile(title="LIS2-A2", protocol=protocol)
