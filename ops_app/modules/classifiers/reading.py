"""Reading the CSV of a reference book: what is wrong with it is said by line, before anything is stored."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from ops_app.i18n import _
from ops_app.modules.classifiers.loading import ConceptRow

NEEDED = ("code", "title_ru")
COLUMNS = ("code", "parent", "kind", "title_kk", "title_ru", "title_en", "unit", "selectable")
MOST_BYTES = 20 * 2**20
MOST_PROBLEMS = 20
WORKBOOK = b"PK\x03\x04"
LONGEST_CODE, LONGEST_TITLE = 40, 1000


@dataclass
class Reading:
    """The rows of a file and what is wrong with it."""

    rows: list[ConceptRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(content: bytes) -> Reading:
    """Rows of a CSV with a comma or a semicolon, in UTF-8."""
    found = Reading()
    if len(content) > MOST_BYTES:
        found.problems.append(_("The file is larger than %(n)s MB", n=MOST_BYTES // 2**20))
        return found
    text = _decoded(content)
    if text is None:
        found.problems.append(_("The file is not UTF-8 text: save it as “CSV UTF-8”"))
        return found
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.partition("\n")[0]
    # strict: a quotation mark that never closes would take the rest of the file for one title.
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        missing = [name for name in NEEDED if name not in names]
        twice = sorted({name for name in names if names.count(name) > 1})
        if missing:
            found.problems.append(_("There is no column %(names)s", names=", ".join(missing)))
        elif twice:
            found.problems.append(_("A column stands in the file twice: %(names)s", names=", ".join(twice)))
        else:
            reader.fieldnames = names
            _read_rows(reader, found)
    except csv.Error:
        wrong = _("a quotation mark does not close, or the value is too long")
        found.problems.append(_at_line(reader, wrong))
    codes = {row["code"] for row in found.rows}
    if not found.problems and not codes:
        found.problems.append(_("The file holds no codes"))
    return found


def _decoded(content: bytes) -> str | None:
    """The text of a file; None for another encoding and for a workbook, whose first bytes may pass for letters."""
    if content.startswith(WORKBOOK):
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _read_rows(reader: csv.DictReader[str], found: Reading) -> None:
    seen: set[str] = set()
    for row in reader:
        problem = _problem(row, seen)
        if problem is None:
            found.rows.append(_concept(row))
            continue
        found.problems.append(_at_line(reader, problem))
        if len(found.problems) >= MOST_PROBLEMS:
            break


def _at_line(reader: csv.DictReader[str], problem: str) -> str:
    line = _("line %(n)s", n=reader.line_num)
    return f"{line}: {problem}"


def _problem(row: dict[str | None, str | None], seen: set[str]) -> str | None:
    if None in row or any(value is None for value in row.values()):
        return _("the number of columns differs from the header's")
    code = (row["code"] or "").strip()
    if not code or len(code) > LONGEST_CODE:
        return _("a code is missing or too long")
    if not (row["title_ru"] or "").strip():
        return _("the title in Russian is missing")
    if any(len(value or "") > LONGEST_TITLE or "\x00" in (value or "") for value in row.values()):
        return _("a value is too long")
    if code in seen:
        return _("the code %(code)s stands in the file twice", code=code)
    seen.add(code)
    return None


def _concept(row: dict[str | None, str | None]) -> ConceptRow:
    def told(name: str) -> str:
        return (row.get(name) or "").strip()

    return ConceptRow(
        code=told("code"),
        parent_code=told("parent") or None,
        kind=told("kind") or None,
        title_kk=told("title_kk"),
        title_ru=told("title_ru"),
        title_en=told("title_en"),
        unit=told("unit") or None,
        is_selectable=told("selectable").lower() not in ("0", "no", "false", "нет", "жоқ"),
    )
