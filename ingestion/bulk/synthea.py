"""Loads a folder of Synthea CSV files (plain or gz), streaming."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

import psycopg

from ingestion.bulk import mapping
from ingestion.bulk.finish import finish
from ingestion.bulk.input_error import InputError
from ingestion.bulk.records import (
    ROOT_KEY,
    BadRecordError,
    Record,
    Row,
    content_key,
    day,
    moment,
    number,
    optional,
    required,
    times,
)
from ingestion.bulk.report import LoadReport, Rejects
from ingestion.bulk.report import rejects_path as default_rejects
from ingestion.bulk.writer import BatchWriter

SYSTEM = "synthea"
# What PostgreSQL cannot store: NUL, and the escapes that stand for bytes that are not UTF-8.
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
CsvRow = dict[str, Any]
Progress = Callable[[str, int, int], None]


def load(
    directory: Path, *, database_url: str, rejects_path: Path | None = None, progress: Progress | None = None
) -> LoadReport:
    """Load every known file of ``directory``; bad rows go to ``rejects_path``, the rest loads.

    ``database_url`` is an SQLAlchemy address of the app role; ``progress`` is called with a file
    name, the rows read from it so far and 0 (nobody knows how many there are).
    """
    files = [(entity, path) for name, entity, _ in _FILES if (path := _find(directory, name))]
    if not any(entity == "patients" for entity, _ in files):
        raise InputError("%(folder)s holds no patients.csv: give the folder of a Synthea CSV export", folder=directory)
    report = LoadReport()
    with (
        closing(Rejects(rejects_path or default_rejects(SYSTEM), report)) as rejects,
        psycopg.connect(database_url.replace("+psycopg", "")) as connection,
    ):
        writer = BatchWriter(connection, SYSTEM, report, rejects)
        for entity, path in files:
            _load_file(path, entity, writer, report, rejects, progress)
    finish(database_url)
    return report


def _find(directory: Path, name: str) -> Path | None:
    for candidate in (directory / f"{name}.csv", directory / f"{name}.csv.gz"):
        if candidate.is_file():
            return candidate
    return None


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _load_file(
    path: Path, entity: str, writer: BatchWriter, report: LoadReport, rejects: Rejects, progress: Progress | None
) -> None:
    convert = next(function for _, name, function in _FILES if name == entity)
    read = 0
    for line, row in _rows(path):
        read += 1
        try:
            if isinstance(row, str):
                raise BadRecordError(row)
            for name, record in convert(row, report):
                _take(report, writer, Row(name, path.name, line, record))
        except BadRecordError as error:
            report.entities[entity].read += 1
            rejects.add(entity, path.name, line, str(error))
        if writer.is_full:
            writer.flush()
            if progress:
                progress(path.name, read, 0)
    writer.flush()
    if progress:
        progress(path.name, read, 0)


def _take(report: LoadReport, writer: BatchWriter, row: Row) -> None:
    report.entities[row.entity].read += 1
    writer.add(row)


def _rows(path: Path) -> Iterator[tuple[int, CsvRow | str]]:
    """Yield (line, row); a line that is no row comes as the reason why."""
    with _open(path) as stream:
        reader = csv.reader(stream)
        names: list[str] = []
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num, f"not CSV: {error}"
                continue
            except (EOFError, OSError, zlib.error) as error:
                yield reader.line_num, f"the file ends or breaks here: {error}"
                return
            if not cells:
                continue
            if not names:
                names = [name.strip().upper() for name in cells]
            elif len(cells) != len(names):
                yield reader.line_num, f"{len(cells)} columns where the header has {len(names)}"
            elif found := _UNWRITABLE.search("".join(cells)):
                yield reader.line_num, "contains a NUL character" if found.group() == "\x00" else "is not UTF-8"
            else:
                yield reader.line_num, dict(zip(names, cells, strict=True))


Converted = Iterator[tuple[str, Record]]


def _organization(row: CsvRow, _: LoadReport) -> Converted:
    record = mapping.organization(required(row, "ID"), required(row, "NAME"))
    for column, name in (("latitude", "LAT"), ("longitude", "LON")):
        value = optional(row, name)
        record[column] = number(value, name) if value else None
    yield "organizations", record


def _practitioner(row: CsvRow, _: LoadReport) -> Converted:
    yield "practitioners", mapping.practitioner(required(row, "ID"), required(row, "NAME"), optional(row, "GENDER"))


def _patient(row: CsvRow, _: LoadReport) -> Converted:
    key = required(row, "ID")
    birth = day(required(row, "BIRTHDATE"), "BIRTHDATE")
    record = mapping.patient(
        key, required(row, "LAST"), required(row, "FIRST"), optional(row, "MIDDLE"), birth, optional(row, "GENDER")
    )
    parts = (optional(row, "ADDRESS"), optional(row, "CITY"), optional(row, "STATE"))
    record["address_line"] = ", ".join(part for part in parts if part) or None
    died = optional(row, "DEATHDATE")
    if died and day(died, "DEATHDATE") < birth:
        raise BadRecordError("the death is before the birth")
    yield "patients", record
    if died:
        yield (
            "deaths",
            times(moment(died, "DEATHDATE"), "typed")
            | {
                "source_key": key,
                "place": "unknown",
                "is_time_exact": "T" in died,
                "patient_ref": key,
                "organization_ref": ROOT_KEY,
            },
        )


def _encounter(row: CsvRow, _: LoadReport) -> Converted:
    kind, purpose = mapping.encounter_class(required(row, "ENCOUNTERCLASS"))
    stop = optional(row, "STOP")
    end = moment(stop, "STOP") if stop else None
    yield (
        "encounters",
        times(moment(required(row, "START"), "START"), "typed")
        | {
            "source_key": required(row, "ID"),
            "encounter_class": kind,
            "purpose": purpose,
            "status": "finished" if end else "in_progress",
            "end_at": end,
            "end_known_at": end,
            "patient_ref": required(row, "PATIENT"),
            "organization_ref": required(row, "ORGANIZATION"),
            "practitioner_ref": optional(row, "PROVIDER"),
        },
    )


def _links(row: CsvRow) -> Record:
    return {"patient_ref": required(row, "PATIENT"), "encounter_ref": optional(row, "ENCOUNTER")}


def _condition(row: CsvRow, report: LoadReport) -> Converted:
    links, code = _links(row), required(row, "CODE")
    start = moment(required(row, "START"), "START")
    stop = optional(row, "STOP")
    end = moment(stop, "STOP") if stop else None
    key = content_key("condition", *links.values(), code, row["START"])
    yield from mapping.condition(key, code, start, end, links, report)


def _observation(row: CsvRow, _: LoadReport) -> Converted:
    links, code, value = _links(row), required(row, "CODE"), required(row, "VALUE")
    numeric = (optional(row, "TYPE") or "").lower() == "numeric"
    category = (optional(row, "CATEGORY") or "").lower()
    yield (
        "observations",
        times(
            moment(required(row, "DATE"), "DATE"), "measured" if category in ("vital-signs", "laboratory") else "typed"
        )
        | links
        | {
            "source_key": content_key("observation", *links.values(), code, row["DATE"], value),
            "code_system": "loinc",
            "code": code,
            "value_number": number(value, "VALUE") if numeric else None,
            "value_text": None if numeric else value,
            "unit": optional(row, "UNITS"),
        },
    )


def _procedure(row: CsvRow, _: LoadReport) -> Converted:
    links, code = _links(row), required(row, "CODE")
    start = optional(row, "START") or required(row, "DATE")
    yield (
        "procedures",
        times(moment(start, "START"), "typed")
        | links
        | {
            "source_key": content_key("procedure", *links.values(), code, start),
            "code_system": mapping.SNOMED,
            "code": code,
            "status": "completed",
        },
    )


def _immunization(row: CsvRow, _: LoadReport) -> Converted:
    links, code, date = _links(row), required(row, "CODE"), required(row, "DATE")
    yield (
        "immunizations",
        times(moment(date, "DATE"), "typed")
        | links
        | {
            "source_key": content_key("immunization", *links.values(), code, date),
            "code_system": "cvx",
            "code": code,
            "status": "completed",
        },
    )


def _medication(row: CsvRow, _: LoadReport) -> Converted:
    links, code, start = _links(row), required(row, "CODE"), required(row, "START")
    stop = optional(row, "STOP")
    yield (
        "medications",
        times(moment(start, "START"), "typed")
        | links
        | {
            "source_key": content_key("medication", *links.values(), code, start),
            "code_system": "rxnorm",
            "code": code,
            "status": "completed" if stop else "active",
            "end_date": day(stop, "STOP") if stop else None,
        },
    )


# (file, entity, conversion) in the order references need.
_FILES: tuple[tuple[str, str, Callable[[CsvRow, LoadReport], Converted]], ...] = (
    ("organizations", "organizations", _organization),
    ("providers", "practitioners", _practitioner),
    ("patients", "patients", _patient),
    ("encounters", "encounters", _encounter),
    ("conditions", "conditions", _condition),
    ("observations", "observations", _observation),
    ("procedures", "procedures", _procedure),
    ("immunizations", "immunizations", _immunization),
    ("medications", "medications", _medication),
)
