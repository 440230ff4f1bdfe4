"""Profiles of senders: what a sender does in its own way, in one YAML file each."""

from __future__ import annotations

import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ops_app.kit.declared import Declared, Text
from saulyq.settings import settings

SHIPPED = Path(__file__).resolve().parents[2] / "content" / "hl7" / "profiles"


class Profile(Declared):
    """One sender, or several that behave alike."""

    name: str
    title: Text
    senders: tuple[str, ...]
    """Names in MSH-3, ``*`` stands for any letters."""
    facilities: tuple[str, ...] = ("*",)
    charset: str | None = None
    """What undeclared bytes that are no UTF-8 are taken for."""
    optional: frozenset[str] = frozenset()
    """Places such as ``MSH-11`` or ``OBX-2`` that this sender leaves empty."""
    iin_authorities: tuple[str, ...] = ("IIN", "ИИН", "ЖСН", "NI", "NNKAZ", "GBDFL")
    """Assigning authorities (PID-3.4) and types (PID-3.5) whose numbers are IINs."""
    authority: str | None = None
    """The assigning authority of numbers for which the sender names none; the sender itself if not set."""
    registers_people: bool = True
    """Whether a person whom only this sender knows may be registered as it describes them."""
    organization: str | None = None
    """BIN of the organisation its messages belong to."""
    placer_number: str = "OBR-2"
    """Where it repeats our number of an order."""
    specimen: str = "SPM-2|OBR-3"
    """Where it gives the number on the tube."""
    version: str | None = None
    """The version it is judged by where it names none or a wrong one."""

    def fits(self, sender: str, facility: str) -> bool:
        """Whether this profile speaks of a sender."""
        return any(fnmatch.fnmatchcase(sender, each) for each in self.senders) and any(
            fnmatch.fnmatchcase(facility, each) for each in self.facilities
        )


@lru_cache(maxsize=1)
def profiles() -> tuple[Profile, ...]:
    """This installation's own first, then the shipped; that of any sender last."""
    own = settings().home / "hl7" / "profiles"
    files = [*sorted(own.glob("*.yaml")), *sorted(SHIPPED.glob("*.yaml"), key=lambda file: file.stem == "default")]
    return tuple(_profile(file) for file in files)


def _profile(file: Path) -> Profile:
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return Profile.model_validate({"name": file.stem} | content)


def profile_of(sender: str, facility: str) -> Profile:
    """The first profile that fits."""
    return next(each for each in profiles() if each.fits(sender, facility))
