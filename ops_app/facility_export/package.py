"""The files of an export: a Frictionless data package, so that other systems read it without asking us."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table

from ops_app.facility_export.selection import Plan, foreign_keys
from ops_app.gate.views import privacy_of
from ops_app.kit.model import Base

TABLES, PACKAGE, MANIFEST, README, ABOUT = "tables", "datapackage.json", "MANIFEST.sha256", "README.md", "export.json"
_CHUNK = 1 << 20
_TYPES = {
    "BIGINT": "integer",
    "INTEGER": "integer",
    "SMALLINT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "DATETIME": "datetime",
    "DOUBLE": "number",
    "FLOAT": "number",
    "NUMERIC": "number",
    "JSONB": "object",
    "JSON": "object",
}
GUIDE = """# Деректер экспорты · Экспорт данных · Data export

kk: Әр файл `tables/` қалтасында — бір кесте, UTF-8 кодтауындағы CSV: бірінші жол — бағандар атауы; тырнақшасыз бос
орын — белгісіз мән. `datapackage.json` кестелер мен бағандарды, жолдар санын және сілтемелерді сипаттайды (Frictionless
Data Package). Тексеру: `sha256sum -c MANIFEST.sha256`.

ru: Каждый файл в папке `tables/` — одна таблица, CSV в кодировке UTF-8: первая строка — названия столбцов; пустое место
без кавычек — неизвестное значение. `datapackage.json` описывает таблицы, столбцы, число строк и ссылки (Frictionless
Data Package). Проверка: `sha256sum -c MANIFEST.sha256`.

en: Each file in `tables/` is one table, CSV in UTF-8: the first line names the columns; an empty place without quotes
is an unknown value. `datapackage.json` describes tables, columns, numbers of rows and references (Frictionless Data
Package). To check: `sha256sum -c MANIFEST.sha256`.
"""


@dataclass(frozen=True)
class Written:
    """One table as it was written."""

    rows: int
    sha256: str
    bytes: int


def table_file(name: str) -> str:
    """Where a table lies inside the export."""
    return f"{TABLES}/{name}.csv"


def sha256_of(file: Path) -> str:
    """The hash of a file, read in pieces."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def describe(plan: Plan, written: dict[str, Written]) -> dict[str, Any]:
    """The package file: nothing in it depends on when or where the export was made."""
    return {
        "profile": "tabular-data-package",
        "name": "saulyq-facility",
        "resources": [_resource(table, plan, written[name]) for name, table in plan.tables.items()],
        "left_out": dict(sorted(plan.left_out.items())),
    }


def _resource(table: Table, plan: Plan, written: Written) -> dict[str, Any]:
    emptied = plan.emptied(table)
    return {
        "profile": "tabular-data-resource",
        "name": table.fullname,
        "path": table_file(table.fullname),
        "description": _docstring(table),
        "selection": str(plan.rules[table.fullname]),
        "encoding": "utf-8",
        "rows": written.rows,
        "bytes": written.bytes,
        "hash": f"sha256:{written.sha256}",
        "schema": {
            "fields": [_field(column, column.name in emptied) for column in plan.columns(table)],
            "primaryKey": [column.name for column in table.primary_key.columns],
            "foreignKeys": list(_references(table, plan)),
            "missingValues": [""],
        },
    }


def _docstring(table: Table) -> str:
    for mapper in Base.registry.mappers:
        if mapper.local_table is table:
            return " ".join((mapper.class_.__doc__ or "").split())
    return ""


def _field(column: Column[object], emptied: bool) -> dict[str, Any]:
    kind = str(column.type).split("(")[0].split(" ")[0].upper()
    found: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(kind, "string"),
        "privacy": str(privacy_of(column)["privacy"]),
        "constraints": {"required": not column.nullable},
    }
    if emptied:
        found["description"] = "always empty: what it points to stays with the installation"
    return found


def _references(table: Table, plan: Plan) -> Iterator[dict[str, Any]]:
    for key in foreign_keys(table):
        target = key.referred_table.fullname
        if target in plan.tables:
            # The package format writes a table's reference to itself with an empty name.
            resource = "" if target == table.fullname else target
            yield {
                "fields": [element.parent.name for element in key.elements],
                "reference": {"resource": resource, "fields": [element.column.name for element in key.elements]},
            }


def write_json(file: Path, document: Any) -> None:
    """A JSON file that people can read too."""
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def manifest(written: dict[str, Written], package_hash: str) -> str:
    """The list ``sha256sum -c`` reads."""
    lines = {table_file(name): one.sha256 for name, one in written.items()} | {PACKAGE: package_hash}
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(lines.items()))
