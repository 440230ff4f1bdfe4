"""The privacy class every column must carry, and what the gate does with it.

Classes follow the architecture page: ``direct`` and ``free_text`` never pass the gate, ``quasi``
passes only in the generalised form named beside it, ``sensitive`` and ``plain`` pass as they are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypedDict


class Privacy(StrEnum):
    """How near a column brings a stranger to a person."""

    DIRECT = "direct"
    QUASI = "quasi"
    SENSITIVE = "sensitive"
    FREE_TEXT = "free_text"
    PLAIN = "plain"


class Generalisation(StrEnum):
    """The form in which a quasi-identifier may pass the gate."""

    KEEP = "keep"
    MONTH = "month"
    DISTRICT = "district"
    DROP = "drop"


class ColumnPrivacy(TypedDict):
    """What ``Column.info`` holds for each column."""

    privacy: Privacy
    generalisation: Generalisation


def _info(privacy: Privacy, generalisation: Generalisation) -> dict[Any, Any]:
    return dict(ColumnPrivacy(privacy=privacy, generalisation=generalisation))


DIRECT = _info(Privacy.DIRECT, Generalisation.DROP)
FREE_TEXT = _info(Privacy.FREE_TEXT, Generalisation.DROP)
SENSITIVE = _info(Privacy.SENSITIVE, Generalisation.KEEP)
PLAIN = _info(Privacy.PLAIN, Generalisation.KEEP)


def quasi(generalisation: Generalisation) -> dict[Any, Any]:
    """Classify a quasi-identifier together with the form that may pass."""
    return _info(Privacy.QUASI, generalisation)


class Subject(StrEnum):
    """What a row of a table is about; decides the shape of its view in schema ``anon``."""

    PATIENT = "patient"
    EVENT = "event"
    STRUCTURE = "structure"
    PRACTITIONER = "practitioner"
    WITHHELD = "withheld"


def exported(subject: Subject) -> dict[Any, Any]:
    """``Table.info`` of a table: every table says whether and how it passes the gate."""
    return {"subject": subject}
