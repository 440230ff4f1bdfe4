"""Released tables as XLSX, with headings in three languages."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import xlsxwriter

from warehouse.release.texts import HIDDEN_MARK, Text

INK, LINE, HEAD, HIDDEN = "#1b2733", "#c9d1d9", "#eaf1f4", "#6b7785"
Value = str | int | float | None
# widths in characters; Kazakh headings are long and wrap
WIDE, NARROW = 34, 14


class Workbook:
    """One file; `None` in a count's place is a hidden cell."""

    def __init__(self, path: Path, title: str) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_formulas": False})
        self._book.set_properties({"title": title, "author": "Saulyq"})
        base = {"font_name": "Arial", "font_size": 10, "font_color": INK, "valign": "top"}
        line = {"border": 1, "border_color": LINE}
        self._title = self._book.add_format(base | {"bold": True, "font_size": 13})
        self._head = self._book.add_format(base | line | {"bold": True, "bg_color": HEAD, "text_wrap": True})
        self._text = self._book.add_format(base | line | {"text_wrap": True})
        self._count = self._book.add_format(base | line | {"num_format": "#,##0", "align": "right"})
        self._share = self._book.add_format(base | line | {"num_format": "0.0", "align": "right"})
        self._hidden = self._book.add_format(base | line | {"font_color": HIDDEN, "align": "right", "italic": True})

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def table(
        self,
        sheet_name: str,
        title: Text,
        notes: Sequence[str],
        headings: Sequence[Text],
        labels: int,
        rows: Iterable[Sequence[Value]],
    ) -> int:
        """A sheet: the first columns are labels, integers are counts, floats are shares; returns the rows written."""
        sheet = self._book.add_worksheet(_sheet_name(sheet_name))
        sheet.write(0, 0, " · ".join(title), self._title)
        for at, note in enumerate(notes, start=1):
            sheet.write(at, 0, note, self._book.add_format({"font_name": "Arial", "font_size": 9, "font_color": INK}))
        top = len(notes) + 2
        for column, heading in enumerate(headings):
            sheet.write(top, column, heading.together(), self._head)
        sheet.set_row(top, 62)
        sheet.set_column(0, labels - 1, WIDE)
        sheet.set_column(labels, len(headings) - 1, NARROW)
        written = 0
        for written, values in enumerate(rows, start=1):
            for column, value in enumerate(values):
                self._cell(sheet, top + written, column, value, is_label=column < labels)
        sheet.freeze_panes(top + 1, labels)
        sheet.autofilter(top, 0, top + max(written, 1), len(headings) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
        return written

    def texts(self, sheet_name: str, title: Text, headings: Sequence[Text], rows: Iterable[Sequence[str]]) -> None:
        """A sheet of words: definitions and parameters."""
        sheet = self._book.add_worksheet(_sheet_name(sheet_name))
        sheet.write(0, 0, " · ".join(title), self._title)
        for column, heading in enumerate(headings):
            sheet.write(2, column, heading.together(), self._head)
        sheet.set_row(2, 48)
        for at, row in enumerate(rows, start=3):
            for column, value in enumerate(row):
                sheet.write_string(at, column, value, self._text)
        sheet.set_column(0, 0, WIDE)
        sheet.set_column(1, len(headings), 90)
        sheet.fit_to_pages(1, 0)

    def _cell(self, sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value, is_label: bool) -> None:
        if value is None:
            sheet.write_string(row, column, HIDDEN_MARK, self._hidden)
        elif is_label or isinstance(value, str):
            sheet.write_string(row, column, str(value), self._text)
        elif isinstance(value, float):
            sheet.write_number(row, column, value, self._share)
        else:
            sheet.write_number(row, column, value, self._count)


def _sheet_name(title: str) -> str:
    """What a spreadsheet allows as a name: 31 characters, none of them special."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)[:31].strip()
