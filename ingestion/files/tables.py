"""Rows of a file of results, whatever kind of table it is."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass

from openpyxl import load_workbook

from ingestion.files import xls
from ops_app.mechanisms.device_messages.analyser_profile import Columns

LARGEST = 50 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 256
MOST_CELLS = 3_000_000
"""Of everything that is read: a file of 50 MB may hold ten times that in memory as cells of one letter."""
LARGEST_UNPACKED = 4 * LARGEST


class BadTable(Exception):
    """The file is no table, or has no header of the profile."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line under the header, by the profile's names of its columns."""

    number: int
    """As a person counts it in the file, from 1."""
    cells: dict[str, str]


def read(data: bytes, columns: Columns) -> list[Row]:
    """Rows of the first sheet whose header has the profile's column of specimens."""
    if len(data) > LARGEST:
        raise BadTable("The file is too large")
    for sheet in _sheets(data):
        for position, header in enumerate(sheet[:60]):
            places = _places(header, columns)
            if "specimen" in places:
                below = enumerate(sheet[position + 1 :], start=position + 2)
                return [Row(number, _named(line, places)) for number, line in below if any(line)]
    raise BadTable("No line of the file holds the headers of the profile")


def _places(header: list[str], columns: Columns) -> dict[str, int]:
    titles = {title.strip().lower(): place for place, title in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    for name, spelled in columns.model_dump().items():
        place = next((titles[each.lower()] for each in spelled if each.lower() in titles), None)
        if place is not None:
            found[name] = place
    return found


def _named(line: list[str], places: dict[str, int]) -> dict[str, str]:
    return {name: line[place].strip() if place < len(line) else "" for name, place in places.items()}


def _sheets(data: bytes) -> list[list[list[str]]]:
    if data.startswith(b"PK"):
        return _xlsx(data)
    if data.startswith(xls.SIGNATURE):
        try:
            return [[[_text(cell) for cell in row] for row in sheet] for sheet in xls.sheets(data).values()]
        except xls.BadSheet:
            raise BadTable("The file is damaged") from None
    return [_csv(data)]


def _xlsx(data: bytes) -> list[list[list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > LARGEST_UNPACKED:
                raise BadTable("The file is too large")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [
            _within(
                [_text(cell) for cell in row]
                for row in sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True)
            )
            for sheet in book.worksheets
        ]
    except BadTable:
        raise
    except Exception:
        # whatever a damaged archive does to the library
        raise BadTable("The file is damaged") from None


def _csv(data: bytes) -> list[list[str]]:
    if b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadTable("The file is no table")
    text = _decoded(data)
    counts = {mark: text[:4096].count(mark) for mark in ";\t,"}
    delimiter = max(counts, key=lambda mark: counts[mark])
    try:
        return _within(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as broken:
        if "end of data" in str(broken):
            # a quote that nothing closes would take every row after it into one cell
            raise BadTable("The file is damaged") from None
    try:
        return _within(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        raise BadTable("The file is no table") from None


def _within(rows: Iterable[list[str]]) -> list[list[str]]:
    """All rows, or a refusal: what lies beyond a limit must not be left out without a word."""
    found, cells = list[list[str]](), 0
    for row in rows:
        found.append(row)
        cells += len(row)
        if len(found) > MOST_ROWS or cells > MOST_CELLS:
            raise BadTable("The file is too large")
    return found


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return f"{cell:%Y%m%d%H%M%S}"
    return str(cell)
