"""Pages of a foreign PDF inside a document: whether they can be set into one, and how many there are."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typst

MOST_PAGES = 20
"""More than anybody reads beside a result; a longer file is named with its checksum instead."""


def pages_of(pdf: bytes) -> int | None:
    """How many pages typst can set; None where it cannot read the file or there are more than ``MOST_PAGES``."""
    if not pdf.startswith(b"%PDF"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "inserted.pdf").write_bytes(pdf)
        for number in range(1, MOST_PAGES + 2):
            Path(folder, "main.typ").write_text(f'#image("inserted.pdf", page: {number}, width: 10mm)')
            try:
                typst.compile(Path(folder, "main.typ"), ignore_system_fonts=True)
            except RuntimeError:
                # the page does not exist: the one before was the last; the first fails when nothing can be read
                return number - 1 or None
    return None
