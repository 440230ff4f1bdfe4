"""Loads Synthea FHIR R4 bundles, one a line (ndjson, plain or gz), or a bundle in a .json file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

import psycopg

from ingestion.bulk.finish import finish
from ingestion.bulk.input_error import InputError
from ingestion.bulk.records import BadRecordError, Row
from ingestion.bulk.report import LoadReport, Rejects
from ingestion.bulk.report import rejects_path as default_rejects
from ingestion.bulk.resources import ENTITY_OF, Resource, convert
from ingestion.bulk.writer import BatchWriter

SYSTEM = "fhir"
LONGEST = 256 << 20
"""Characters of a bundle: the longest of Synthea have some tens of millions."""
_FURTHER_PARTS = tuple(f"/{part}" for part in range(1, 100))
Progress = Callable[[str, int, int], None]


def load(
    files: Sequence[Path], *, database_url: str, rejects_path: Path | None = None, progress: Progress | None = None
) -> LoadReport:
    """Load the files; a bad line or resource goes to the reject file, the rest loads."""
    for file in files:
        if not file.is_file():
            raise InputError(
                "%(file)s is not a file: give ndjson, ndjson.gz or json files with FHIR R4 bundles", file=file
            )
    report = LoadReport()
    with (
        closing(Rejects(rejects_path or default_rejects(SYSTEM), report)) as rejects,
        psycopg.connect(database_url.replace("+psycopg", "")) as connection,
    ):
        loading = _Loading(BatchWriter(connection, SYSTEM, report, rejects), report, rejects)
        for file in files:
            loading.load_file(file, progress)
    finish(database_url)
    return report


class _Loading:
    """One loading: what was met so far and where things go."""

    def __init__(self, writer: BatchWriter, report: LoadReport, rejects: Rejects) -> None:
        self._writer = writer
        self._report = report
        self._rejects = rejects
        self._met: set[tuple[str, str]] = set()

    def load_file(self, file: Path, progress: Progress | None) -> None:
        line = 0
        for line, text in _documents(file):
            try:
                if isinstance(text, BadRecordError):
                    raise text
                resources = _resources(text)
            except (ValueError, RecursionError, BadRecordError) as error:
                self._report.entities["patients"].read += 1
                self._rejects.add("patients", file.name, line, f"not a FHIR bundle: {error}")
                continue
            for resource in resources:
                self._take(resource, file.name, line)
            if self._writer.is_full:
                self._writer.flush()
            if progress:
                progress(file.name, line, 0)
        self._writer.flush()

    def _take(self, resource: Resource, file: str, line: int) -> None:
        entity = _entity(resource)
        if entity is None:
            return
        try:
            for name, record in convert(resource, self._report):
                # Organisations and practitioners are mentioned by each encounter; the first mention counts.
                if name in ("organizations", "practitioners"):
                    mention = (name, record["source_key"])
                    if mention in self._met:
                        continue
                    self._met.add(mention)
                # The parts of a panel are rows of their own but one record of the source.
                counted = not record["source_key"].endswith(_FURTHER_PARTS)
                self._report.entities[name].read += counted
                self._writer.add(Row(name, file, line, record, counted))
        except (BadRecordError, KeyError, TypeError, AttributeError, IndexError) as error:
            self._report.entities[entity].read += 1
            said = str(error) if isinstance(error, BadRecordError) else f"not shaped as FHIR R4 demands: {error!r}"
            self._rejects.add(entity, file, line, f"{resource.get('resourceType')}/{resource.get('id')}: {said}")


def _open(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", errors="replace")
    return file.open(encoding="utf-8-sig", errors="replace")


def _documents(file: Path) -> Iterator[tuple[int, str | BadRecordError]]:
    """Number and text of each line that holds one, or why it cannot be read; a .json file is one document."""
    with _open(file) as stream:
        is_one = ".json" in file.suffixes
        line = 0
        while True:
            line += 1
            try:
                text = stream.read(LONGEST) if is_one else stream.readline(LONGEST)
                is_cut = len(text) == LONGEST and not text.endswith("\n")
                while is_cut and (rest := stream.readline(LONGEST)) and (is_one or not rest.endswith("\n")):
                    pass
            except (EOFError, OSError, zlib.error) as error:
                yield line, BadRecordError(f"the file breaks here: {error}")
                return
            if not text:
                return
            if is_cut:
                yield line, BadRecordError(f"longer than {LONGEST:,} characters: give one bundle a line")
            elif text.strip():
                yield line, text


def _entity(resource: Resource) -> str | None:
    """What a resource becomes; None where it is of a kind that is not loaded."""
    kind = resource.get("resourceType")
    return ENTITY_OF.get(kind) if isinstance(kind, str) else None


def _resources(text: str) -> list[Resource]:
    document: Any = json.loads(text)
    if not isinstance(document, dict):
        raise BadRecordError("the line is no JSON object")
    if document.get("resourceType") != "Bundle":
        if _entity(document) is not None:
            return [document]
        raise BadRecordError(f"resourceType {document.get('resourceType')!r} is neither Bundle nor known")
    entries = document.get("entry") or []
    if not isinstance(entries, list):
        raise BadRecordError("the entries of the bundle are no list")
    return [
        entry["resource"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]
