"""The translation catalogues as files: which msgids the texts use, which of them each file must hold.

``python scripts/messages.py`` brings every catalogue up to date with the texts; the test of the
catalogues uses the same functions.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
TRANSLATED = ("kk", "ru")
"""English needs no catalogue: msgids are English."""

Keywords = dict[str, tuple[int, ...] | None]

KEYWORDS: Keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_METHODS = {".py": "python", ".html": "jinja2.ext:babel_extract"}
_HEADERS = {
    "kk": ("Language: kk", "Plural-Forms: nplurals=2; plural=(n != 1);"),
    "ru": (
        "Language: ru",
        "Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
        "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    ),
}

Msgid = str | tuple[str, ...]

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
LETTER = re.compile(r"[^\W\d_]")
"""A text that only puts values together is the same in every language."""


@dataclass(frozen=True, slots=True)
class Area:
    """The frame, a module or the command line: its source folders and its catalogue of each language."""

    name: str
    sources: tuple[Path, ...]
    catalogues: dict[str, Path]
    keywords: Keywords = field(default_factory=lambda: KEYWORDS)
    further: Collection[str] = ()
    """Msgids that no function call names."""


def areas() -> list[Area]:
    """The frame first, then the modules by name."""
    frame_sources = (*sorted(HERE.glob("*.py")), HERE / "kit", HERE / "ui", HERE / "mechanisms")
    frame = Area(
        "frame",
        tuple(path for path in frame_sources if path.exists()),
        {code: HERE / "locale" / code / "LC_MESSAGES" / "messages.po" for code in TRANSLATED},
    )
    modules = [
        Area(folder.name, (folder,), {code: folder / "locale" / f"{code}.po" for code in TRANSLATED})
        for folder in sorted((HERE / "modules").iterdir())
        if (folder / "__init__.py").exists()
    ]
    return [frame, *modules]


def msgids(area: Area) -> dict[Msgid, str]:
    """Msgids the texts of an area use, each with the file that uses it first."""
    found: dict[Msgid, str] = {}
    for file in _files(area):
        options = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
        for _line, message, _comments, _context in extract_from_file(
            _METHODS[file.suffix], file, keywords=area.keywords, options=options
        ):
            msgid = tuple(message) if isinstance(message, list | tuple) else message
            if msgid and any(LETTER.search(PLACEHOLDER.sub("", text)) for text in _forms(msgid)):
                found.setdefault(msgid, str(file.relative_to(HERE.parent)))
    return dict.fromkeys(area.further, area.name) | found


def _forms(msgid: Msgid) -> tuple[str, ...]:
    return msgid if isinstance(msgid, tuple) else (msgid,)


def _files(area: Area) -> Iterator[Path]:
    for source in area.sources:
        if source.is_file():
            yield source
            continue
        for file in sorted(source.rglob("*")):
            if file.suffix in _METHODS and not {"node_modules", "static"} & set(file.parts):
                yield file


def read(path: Path, language: str) -> Catalog:
    """A catalogue, empty if the file does not exist."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as opened:
        return read_po(opened, locale=language)


def key(msgid: Msgid) -> str:
    """What a catalogue finds a message by."""
    return msgid[0] if isinstance(msgid, tuple) else msgid


def write(path: Path, language: str, catalogue: Catalog) -> None:
    """Write a catalogue in an order and form that change only where texts change."""
    body = io.BytesIO()
    write_po(body, catalogue, width=110, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    header = "".join(f'"{line}\\n"\n' for line in (*_HEADERS[language], "Content-Type: text/plain; charset=UTF-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'msgid ""\nmsgstr ""\n{header}\n{body.getvalue().decode()}', encoding="utf-8")


def update(only: Collection[str] = (), beside: Iterable[Area] = ()) -> Iterator[tuple[Path, int]]:
    """Bring catalogues (of the named areas) up to date; yield each file with the number it lacks.

    Areas ``beside`` the operational app share no text with its frame.
    """
    frame_ids: dict[Msgid, str] = {}
    own = areas()
    for area in (*own, *beside):
        used = msgids(area)
        if area.name == "frame":
            frame_ids = used
        elif area in own:
            shared = {key(msgid) for msgid in frame_ids}
            used = {msgid: file for msgid, file in used.items() if key(msgid) not in shared}
        if only and area.name not in only:
            continue
        for language, path in area.catalogues.items():
            if not used and not path.exists():
                continue
            old, new = read(path, language), Catalog(locale=language)
            for msgid in used:
                before = old.get(key(msgid))
                new.add(msgid, before.string if before is not None and before.id == msgid else None)
            write(path, language, new)
            yield path, sum(1 for message in new if message.id and not is_translated(message.string))


def is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Whether every form of a translation is there."""
    forms = string if isinstance(string, list | tuple) else (string,)
    return all(form and form.strip() for form in forms) and bool(forms)
