"""Loads official lists from CSV: ICD-10, KATO, organisations."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

from ingestion.bulk.input_error import InputError
from ingestion.bulk.records import BadRecordError, required
from ingestion.bulk.report import EntityCount, LoadReport, Rejects
from ingestion.bulk.report import rejects_path as default_rejects
from ops_app.kit.spelling import sort_key
from ops_app.modules.classifiers.loading import ConceptRow, store_concepts

Progress = Callable[[str, int, int], None]
CsvRow = dict[str, str | None]

_NEEDED = {
    "icd10": ("code", "kind", "name_ru"),
    "kato": ("code", "level", "name_ru"),
    "organizations": ("name_ru", "bin", "oblast_kato"),
}


def load(
    kind: str, file: Path, *, database_url: str, rejects_path: Path | None = None, progress: Progress | None = None
) -> LoadReport:
    """Load a list; rows already there as given change nothing, bad rows go to the reject file."""
    report = LoadReport(entities={kind: EntityCount()})
    path = rejects_path or default_rejects(kind)
    engine = create_engine(database_url)
    with closing(Rejects(path, report)) as rejects, engine.begin() as connection:
        rows = _checked(kind, file, report, rejects)
        if kind == "organizations":
            loaded, unchanged = _store_organizations(connection, rows)
        else:
            convert = _icd10 if kind == "icd10" else _kato
            loaded, unchanged = store_concepts(connection, kind, (convert(row) for row in rows))
    engine.dispose()
    report.entities[kind].loaded, report.entities[kind].unchanged = loaded, unchanged
    if progress:
        progress(file.name, report.entities[kind].read, report.entities[kind].read)
    return report


def _checked(kind: str, file: Path, report: LoadReport, rejects: Rejects) -> Iterator[CsvRow]:
    """Yield the rows that can be stored; a code met twice in one file is the second one's fault."""
    seen: set[str] = set()
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in _NEEDED[kind] if name not in (reader.fieldnames or ())]
        if missing:
            raise InputError(
                "%(name)s has no column %(missing)s; a %(kind)s list needs them",
                name=file.name,
                missing=", ".join(missing),
                kind=kind,
            )
        for row in reader:
            report.entities[kind].read += 1
            try:
                yield _check(kind, row, seen)
            except BadRecordError as error:
                rejects.add(kind, file.name, reader.line_num, str(error))


def _check(kind: str, row: dict[str, Any], seen: set[str]) -> CsvRow:
    if None in row or any(value is None for value in row.values()):
        raise BadRecordError("the number of columns differs from the header's")
    if any("\x00" in value or "\ufffd" in value for value in row.values()):
        raise BadRecordError("contains characters that are not UTF-8 text")
    key = required(row, "name_ru") if kind == "organizations" else required(row, "code")
    if key in seen:
        raise BadRecordError(f"{key!r} stands in the file twice")
    if kind == "kato" and not (key.isdigit() and len(key) == 9):
        raise BadRecordError(f"a KATO code has nine digits, not {key!r}")
    seen.add(key)
    return row


def _icd10(row: CsvRow) -> ConceptRow:
    code = row["code"] or ""
    return ConceptRow(
        code=code,
        parent_code=row.get("parent") or None,
        kind=row["kind"],
        title_kk=row.get("name_kk") or "",
        title_ru=row["name_ru"] or "",
        title_en=row.get("name_en") or "",
        unit=None,
        is_selectable=row["kind"] not in ("chapter", "block"),
    )


def _kato(row: CsvRow) -> ConceptRow:
    return ConceptRow(
        code=row["code"] or "",
        parent_code=row.get("parent") or None,
        kind=f"level_{row['level']}",
        title_kk=row.get("name_kk") or "",
        title_ru=row["name_ru"] or "",
        title_en=row.get("name_en") or "",
        unit=None,
        is_selectable=True,
    )


_ORGANIZATION = text(
    """
    insert into organizations.organization
      (kind, parent_id, name_kk, name_ru, name_en, sort_key, bin, kato_code, is_external, source, source_system,
       source_key)
    select 'organization', region.id, :name, :name, :name, :sort_key, :bin, :kato, true, 'registry', 'official_list',
      :key
    from organizations.organization region
    where region.source_system = 'official_list' and region.source_key = :oblast
    on conflict (source_system, source_key) where source_key is not null do update set
      name_ru = excluded.name_ru, bin = excluded.bin, kato_code = excluded.kato_code
    where (organization.name_ru, organization.bin, organization.kato_code)
      is distinct from (excluded.name_ru, excluded.bin, excluded.kato_code)
    returning id
    """
)
_REGION = text(
    """
    insert into organizations.organization
      (kind, name_kk, name_ru, name_en, sort_key, kato_code, is_external, source, source_system, source_key)
    select 'region', coalesce(max(title_kk), :oblast), coalesce(max(title_ru), :oblast),
      coalesce(max(title_en), :oblast), :oblast, :oblast, true, 'registry', 'official_list', :oblast
    from classifiers.concept where system = 'kato' and code = :oblast
    on conflict do nothing
    """
)


def _store_organizations(connection: Connection, rows: Iterator[CsvRow]) -> tuple[int, int]:
    loaded = unchanged = 0
    for row in rows:
        name, bin_number = row["name_ru"] or "", row["bin"] or None
        connection.execute(_REGION, {"oblast": row["oblast_kato"]})
        written = connection.execute(
            _ORGANIZATION,
            {
                "name": name,
                "sort_key": sort_key(name),
                "bin": bin_number,
                "kato": row.get("district_kato") or row["oblast_kato"],
                "key": bin_number or name,
                "oblast": row["oblast_kato"],
            },
        ).first()
        loaded, unchanged = (loaded + 1, unchanged) if written else (loaded, unchanged + 1)
    return loaded, unchanged
