"""Checking an export with nothing but its files: hashes, counts, keys and references."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops_app.facility_export.package import MANIFEST, PACKAGE, TABLES, sha256_of
from saulyq.errors import SaulyqError

csv.field_size_limit(sys.maxsize)


class Damaged(SaulyqError):
    """The folder holds no export that can be read."""


@dataclass
class Verdict:
    """What a check found."""

    rows: dict[str, int] = field(default_factory=dict)
    problems: list[Damaged] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The verdict as a command prints it."""
        return {"ok": not self.problems, "tables": self.rows, "problems": [str(problem) for problem in self.problems]}


def package_of(folder: Path) -> dict[str, Any]:
    """The package file of an export."""
    try:
        document = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged(
            "%(folder)s holds no export: %(file)s cannot be read (%(error)s)",
            folder=folder,
            file=PACKAGE,
            error=error,
        ) from None
    if not isinstance(document, dict) or document.get("name") != "saulyq-facility":
        raise Damaged("%(file)s describes something else", file=folder / PACKAGE)
    return document


def verify(folder: Path) -> Verdict:
    """Check everything that can be checked without a database."""
    package = package_of(folder)
    verdict = Verdict()
    _hashes(folder, verdict)
    keys: dict[str, set[tuple[str, ...]]] = {}
    for resource in package["resources"]:
        _table(folder, resource, keys, verdict)
    return verdict


def _hashes(folder: Path, verdict: Verdict) -> None:
    try:
        lines = (folder / MANIFEST).read_text().splitlines()
    except OSError:
        verdict.problems.append(Damaged("%(file)s is missing", file=MANIFEST))
        return
    named = {name: digest for digest, _gap, name in (line.partition("  ") for line in lines)}
    for name, digest in named.items():
        file = folder / name
        if not file.is_file():
            verdict.problems.append(Damaged("%(file)s is missing", file=name))
        elif sha256_of(file) != digest:
            verdict.problems.append(
                Damaged(
                    "%(file)s was changed: its SHA-256 is not the one in %(manifest)s", file=name, manifest=MANIFEST
                )
            )
    there = {f"{TABLES}/{file.name}" for file in (folder / TABLES).glob("*")}
    verdict.problems += [
        Damaged("%(file)s is not in %(manifest)s", file=name, manifest=MANIFEST) for name in sorted(there - set(named))
    ]


def _table(folder: Path, resource: dict[str, Any], keys: dict[str, set[tuple[str, ...]]], verdict: Verdict) -> None:
    name, path = resource["name"], resource["path"]
    file = folder / path
    if not file.is_file():
        return
    schema = resource["schema"]
    columns = [each["name"] for each in schema["fields"]]
    own: set[tuple[str, ...]] = set()
    wanted: list[tuple[str, set[tuple[str, ...]]]] = [
        (reference["reference"]["resource"] or name, set()) for reference in schema["foreignKeys"]
    ]
    count = 0
    with file.open(encoding="utf-8", newline="") as opened:
        rows = csv.reader(opened)
        if next(rows, None) != columns:
            verdict.problems.append(
                Damaged("%(file)s: the columns are not those of %(package)s", file=path, package=PACKAGE)
            )
            return
        places = {column: place for place, column in enumerate(columns)}
        for row in rows:
            count += 1
            if len(row) != len(columns):
                verdict.problems.append(
                    Damaged("%(file)s: row %(row)s has %(count)s values", file=path, row=str(count), count=len(row))
                )
                return
            own.add(tuple(row[places[column]] for column in schema["primaryKey"]))
            for reference, (_target, found) in zip(schema["foreignKeys"], wanted, strict=True):
                value = tuple(row[places[column]] for column in reference["fields"])
                if all(value):
                    found.add(value)
    verdict.rows[name] = count
    keys[name] = own
    if count != resource["rows"]:
        verdict.problems.append(
            Damaged("%(file)s: %(count)s rows instead of %(told)s", file=path, count=count, told=resource["rows"])
        )
    if len(own) != count:
        verdict.problems.append(Damaged("%(file)s: %(count)s keys stand twice", file=path, count=count - len(own)))
    for target, found in wanted:
        missing = found - keys.get(target, set())
        if missing:
            verdict.problems.append(
                Damaged(
                    "%(file)s: %(count)s references to %(table)s lead nowhere",
                    file=path,
                    count=len(missing),
                    table=target,
                )
            )
