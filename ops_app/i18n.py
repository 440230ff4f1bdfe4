"""Three languages. Msgids are English; Kazakh and Russian live in catalogues beside their texts.

The frame's catalogues are ``ops_app/locale/{kk,ru}/LC_MESSAGES/messages.po``, a module's are
``ops_app/modules/<m>/locale/{kk,ru}.po``, so that two people adding texts to two modules never
touch one file. All are merged when the process starts; nothing has to be compiled. In Python
write ``_("Text")``, for constants made at import ``N_("Text")`` and ``_()`` where it is shown; in
templates ``_()`` or ``{% trans %}``. ``python scripts/messages.py`` adds new msgids to the
catalogues; a test refuses an empty translation.
"""

from __future__ import annotations

import gettext as gnu
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from ops_app.kit import request_context

LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
"""Kazakh first: it is the state language."""

DEFAULT_LANGUAGE = "kk"

_HERE = Path(__file__).parent


def catalogue_files(language: str) -> list[Path]:
    """The catalogues of a language: the frame's first, then the modules'."""
    frame = _HERE / "locale" / language / "LC_MESSAGES" / "messages.po"
    modules = sorted((_HERE / "modules").glob(f"*/locale/{language}.po"))
    return [file for file in (frame, *modules) if file.exists()]


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: str) -> gnu.NullTranslations:
    """All texts of a language; English has none because msgids are English."""
    merged = Catalog(locale=language)
    for file in catalogue_files(language):
        with file.open("rb") as opened:
            for message in read_po(opened, locale=language):
                # The frame comes first: a module's wording never changes another's "Save".
                if message.id and message.string and message.id not in merged:
                    merged.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gnu.GNUTranslations(compiled) if language != "en" else gnu.NullTranslations()


def language() -> str:
    """The language of this request."""
    return request_context.current().language


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Texts inside the block are in the language of what is written, not in the reader's."""
    context = request_context.current()
    before, context.language = context.language, chosen
    try:
        yield
    finally:
        context.language = before


def gettext(message: str, **values: Any) -> str:
    """The text in the language of this request, with ``%(name)s`` filled in."""
    # An empty msgid would find the header of the catalogue.
    text = translations(language()).gettext(message) if message else ""
    return text % values if values else text


def ngettext(singular: str, plural: str, number: int, **values: Any) -> str:
    """The form of the text that fits a number."""
    text = translations(language()).ngettext(singular, plural, number)
    return text % {"num": number, **values}


_ = gettext


def N_(message: str) -> str:
    """Mark a constant for translation; show it through ``_()``."""
    return message


def preferred_language(cookie: str | None, accept: str | None) -> str:
    """The language of a request: what the user chose, else what the browser asks, else Kazakh."""
    if cookie in LANGUAGES:
        return cookie
    for part in (accept or "").split(","):
        code = part.split(";")[0].strip().lower().split("-")[0]
        if code in LANGUAGES:
            return code
    return DEFAULT_LANGUAGE
