"""A journal as an XLSX file, written row by row to the disk and never held in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xlsxwriter

from ops_app.i18n import _, gettext
from ops_app.kit import clock
from ops_app.kit.dates import show_moment
from ops_app.mechanisms.journal.declaration import Column
from ops_app.mechanisms.journal.reading import Reading

_FORMATS = {"date": "dd.mm.yyyy", "time": "hh:mm", "moment": "dd.mm.yyyy hh:mm"}
_WIDTHS = {"date": 12, "time": 8, "moment": 17, "number": 12}


def write(path: Path, reading: Reading, rows: Iterable[list[Any]], organization: str) -> int:
    """Write the file; how many rows it has."""
    # Texts stay texts: a note that begins with "=" is no formula and an address no link.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        for number, column in enumerate(reading.columns):
            sheet.set_column(number, number, _WIDTHS.get(column.kind, 28))
        head = [gettext(reading.journal.title), organization, *(f"{name}: {value}" for name, value in reading.told())]
        head.append(_("As of %(moment)s", moment=show_moment(clock.now())))
        for line, text in enumerate(head):
            sheet.write_string(line, 0, text, bold if line == 0 else None)
        first = len(head) + 1
        for number, column in enumerate(reading.columns):
            sheet.write_string(first, number, gettext(column.title), bold)
        written = 0
        for cells in rows:
            written += 1
            for number, (column, value) in enumerate(zip(reading.columns, cells, strict=True)):
                _cell(sheet, first + written, number, column, value, formats)
        return written


def _cell(sheet: Any, line: int, number: int, column: Column, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if column.kind in formats:
        moment = clock.local(value).replace(tzinfo=None) if isinstance(value, dt.datetime) else value
        sheet.write_datetime(line, number, moment, formats[column.kind])
    elif column.kind == "number":
        sheet.write_number(line, number, value)
    else:
        sheet.write_string(line, number, str(value))
