"""What an outside record becomes: one target for each entity, and the check of plain values.

A record is a dictionary of plain values plus references (``*_ref``) to other outside records; the
writer resolves the references inside the database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Almaty")
ROOT_KEY = "region"
"""Source key of the region node under which imported organisations hang."""

Record = dict[str, Any]


class BadRecordError(Exception):
    """A row that cannot become a record; the text says why, for the reject file."""


@dataclass(frozen=True)
class Target:
    """Where records of an entity go.

    ``columns`` maps a column to its SQL type; ``refs`` maps a reference to how it is resolved:
    the column it fills and the table whose ``source_key`` it names. ``required`` references must
    exist. ``overwrite`` is false where a later, poorer mention must not replace an earlier record.
    """

    entity: str
    table: str
    columns: dict[str, str]
    refs: dict[str, tuple[str, str]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    overwrite: bool = True


@dataclass(frozen=True)
class Row:
    """A record with the place it came from.

    ``counted`` is false for the further rows of one outside record, such as the second component
    of a blood pressure: counts are of what the source holds.
    """

    entity: str
    file: str
    line: int
    values: Record
    counted: bool = True


_TIMES = {"event_at": "timestamptz", "known_at": "timestamptz", "evidence": "text"}
_PATIENT = {"patient_ref": ("patient_id", "patients.patient")}
_PLACE = {
    "organization_ref": ("organization_id", "organizations.organization"),
    "practitioner_ref": ("practitioner_id", "organizations.practitioner"),
}
_ENCOUNTER = {"encounter_ref": ("encounter_id", "visits.encounter")}


def _clinical(entity: str, table: str, columns: dict[str, str]) -> Target:
    return Target(entity, table, _TIMES | columns, _PATIENT | _ENCOUNTER, required=("patient_ref",))


# In the order in which references can be resolved.
TARGETS: tuple[Target, ...] = (
    Target(
        "organizations",
        "organizations.organization",
        {
            "kind": "text",
            "organization_type": "text",
            "name_kk": "text",
            "name_ru": "text",
            "name_en": "text",
            "sort_key": "text",
            "latitude": "float8",
            "longitude": "float8",
        },
        {"parent_ref": ("parent_id", "organizations.organization")},
        overwrite=False,
    ),
    Target(
        "practitioners",
        "organizations.practitioner",
        {"family_name": "text", "given_name": "text", "sort_key": "text", "sex": "text"},
        overwrite=False,
    ),
    Target(
        "patients",
        "patients.patient",
        {
            "temporary_id": "text",
            "identity_status": "text",
            "family_name": "text",
            "given_name": "text",
            "patronymic": "text",
            "family_fold": "text",
            "given_fold": "text",
            "patronymic_fold": "text",
            "sort_key": "text",
            "sex": "text",
            "birth_date": "date",
            "address_line": "text",
            "phone": "text",
        },
    ),
    Target(
        "encounters",
        "visits.encounter",
        _TIMES
        | {
            "encounter_class": "text",
            "status": "text",
            "purpose": "text",
            "end_at": "timestamptz",
            "end_known_at": "timestamptz",
        },
        _PATIENT | _PLACE,
        required=("patient_ref", "organization_ref"),
    ),
    _clinical(
        "conditions",
        "visits.condition",
        {"icd10": "text", "original_system": "text", "original_code": "text", "abated_at": "timestamptz"},
    ),
    _clinical(
        "observations",
        "visits.observation",
        {"code_system": "text", "code": "text", "value_number": "float8", "unit": "text", "value_text": "text"},
    ),
    _clinical("procedures", "visits.procedure", {"code_system": "text", "code": "text", "status": "text"}),
    _clinical("immunizations", "visits.immunization", {"code_system": "text", "code": "text", "status": "text"}),
    _clinical(
        "medications",
        "visits.medication_request",
        {"code_system": "text", "code": "text", "status": "text", "end_date": "date"},
    ),
    Target(
        "pregnancies",
        "episodes.episode_of_care",
        _TIMES
        | {
            "kind": "text",
            "status": "text",
            "end_at": "timestamptz",
            "end_known_at": "timestamptz",
            "close_reason": "text",
        },
        _PATIENT | {"encounter_ref": ("", "visits.encounter")},
        required=("patient_ref",),
    ),
    Target(
        "deaths",
        "deaths.death",
        _TIMES | {"place": "text", "cause_icd10": "text", "is_time_exact": "bool"},
        _PATIENT | {"organization_ref": _PLACE["organization_ref"]},
        required=("patient_ref", "organization_ref"),
    ),
)
ENTITIES = tuple(target.entity for target in TARGETS)


def required(row: dict[str, Any], name: str) -> str:
    """Return a value that must be there."""
    value = row.get(name)
    if value is None or not str(value).strip():
        raise BadRecordError(f"{name} is empty")
    return str(value).strip()


def optional(row: dict[str, Any], name: str) -> str | None:
    """Return a value or nothing when it is empty or absent."""
    value = row.get(name)
    text = "" if value is None else str(value).strip()
    return text or None


def moment(text: str, name: str) -> dt.datetime:
    """Parse an ISO date or time; what has no zone is local time, a bare date its midnight."""
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRecordError(f"{name} is not a date or time: {text[:40]!r}") from error
    try:
        return (value if value.tzinfo else value.replace(tzinfo=LOCAL)).astimezone(dt.UTC)
    except OverflowError as error:
        raise BadRecordError(f"{name} is outside the calendar: {text[:40]!r}") from error


def day(text: str, name: str) -> dt.date:
    """Parse an ISO date."""
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError as error:
        raise BadRecordError(f"{name} is not a date: {text[:40]!r}") from error


def number(text: str, name: str) -> float:
    """Parse a finite number."""
    try:
        value = float(text)
    except ValueError as error:
        raise BadRecordError(f"{name} is not a number: {text[:40]!r}") from error
    if not math.isfinite(value):
        raise BadRecordError(f"{name} is not a finite number: {text[:40]!r}")
    return value


def content_key(*parts: object) -> str:
    """A key for records that bring none: the hash of what they say."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def times(start: dt.datetime, evidence: str) -> Record:
    """The time columns of a historical fact: it was known when it happened."""
    return {"event_at": start, "known_at": start, "evidence": evidence}
