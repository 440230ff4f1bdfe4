"""What gateways hand over and get back: a report on its way in, an order on its way out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Status = Literal["preliminary", "final", "corrected", "cancelled"]


@dataclass(frozen=True, slots=True)
class IncomingPerson:
    """Whom a message names; ``identifiers`` are (system, value), ``iin`` for an IIN."""

    identifiers: tuple[tuple[str, str], ...] = ()
    family_name: str | None = None
    given_name: str | None = None
    patronymic: str | None = None
    birth_date: dt.date | None = None
    sex: Literal["male", "female"] | None = None


@dataclass(frozen=True, slots=True)
class IncomingResult:
    """One value as it was sent."""

    code: str
    code_system: str = "local"
    name: str | None = None
    value_number: float | None = None
    comparator: Literal["<", ">", "<=", ">="] | None = None
    value_code: str | None = None
    value_text: str | None = None
    unit: str | None = None
    reference: str | None = None
    flag: str | None = None
    status: Status = "final"
    observed_at: dt.datetime | None = None
    method: str | None = None
    attachment: bytes | None = None
    attachment_type: str | None = None
    held_reason: str | None = None
    """Why whoever passes it on wants it looked at: a quality control that failed, a mark of the analyser."""


@dataclass(frozen=True, slots=True)
class IncomingReport:
    """A report of one person's specimen; the same ``source_key`` again changes nothing."""

    channel: str
    sender: str
    source_key: str
    placer_number: str | None = None
    filler_number: str | None = None
    specimen_barcode: str | None = None
    person: IncomingPerson | None = None
    service_code: str | None = None
    service_name: str | None = None
    specimen_type: str | None = None
    collected_at: dt.datetime | None = None
    reported_at: dt.datetime | None = None
    status: Status = "final"
    performer: str | None = None
    analyser: int | None = None
    conclusion: str | None = None
    results: tuple[IncomingResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a report."""

    report_id: int
    matched: bool
    held: bool


@dataclass(frozen=True, slots=True)
class AnalyserOrder:
    """What an analyser that scanned a tube is to measure."""

    order_number: str
    specimen_barcode: str
    person: IncomingPerson
    tests: tuple[str, ...]
    priority: str
    collected_at: dt.datetime | None
