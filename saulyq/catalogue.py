"""The catalogues of the command line: what it says and what the help of its commands says."""

import datetime as dt
import io
from pathlib import Path

import typer
from babel.messages.mofile import write_mo
from typer.core import TyperGroup

from ops_app.catalogues import KEYWORDS, TRANSLATED, Area, read
from saulyq import help_texts
from saulyq.cli import app
from saulyq.language import CATALOGUES, DOMAIN

ROOT = Path(__file__).parent.parent
SAYING = ("say", "work")
ERRORS = (
    *("SaulyqError", "Unavailable", "UsageError", "InputError", "BuildFailed", "DiskFull", "PipelineBusy"),
    *("Damaged", "NotEmpty", "QueryError", "UnknownCode"),
)
"""Their first argument is a msgid: a new class of errors that reaches the terminal gets its name here."""
SOURCES = (
    *("saulyq", "ingestion", "pipelines", "quality", "warehouse", "ops_app/facility_export"),
    "ops_app/mechanisms/signature/development.py",
)


def area() -> Area:
    """The command line as an area of the catalogues."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return Area(
        "command line",
        tuple(ROOT / source for source in SOURCES),
        {language: CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po" for language in TRANSLATED},
        keywords=KEYWORDS | dict.fromkeys((*SAYING, *ERRORS)),
        further=dict.fromkeys(help_texts.texts(root)),
    )


def compiled(language: str) -> bytes:
    """What stands in the file that commands read, made of the catalogue beside it."""
    catalogue = read(area().catalogues[language], language)
    # its header names a day; the same texts are the same file
    catalogue.creation_date = catalogue.revision_date = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    content = io.BytesIO()
    write_mo(content, catalogue)
    return content.getvalue()


def compiled_file(language: str) -> Path:
    """The file that commands read."""
    return area().catalogues[language].with_suffix(".mo")
