"""Every text of the operational app and of the command line exists in Kazakh and Russian."""

from __future__ import annotations

import ast
import re

import pytest

from ops_app import i18n
from ops_app.catalogues import HERE, PLACEHOLDER, TRANSLATED, Area, areas, is_translated, key, msgids, read
from ops_app.kit import request_context
from ops_app.kit.request_context import RequestContext
from saulyq import catalogue

COMMAND_LINE = catalogue.area()
AREAS = [*areas(), COMMAND_LINE]


@pytest.mark.req("I18N-01")
@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_no_text_lacks_a_translation(area: Area, language: str) -> None:
    frame = read(AREAS[0 if area is not COMMAND_LINE else -1].catalogues[language], language)
    own = read(area.catalogues[language], language)
    lacking = []
    for msgid, file in msgids(area).items():
        message = own.get(key(msgid)) or frame.get(key(msgid))
        if message is None or not is_translated(message.string):
            lacking.append(f"{file}: {key(msgid)}")
    assert not lacking


def test_no_text_hides_inside_a_formatted_string() -> None:
    """What collects the texts does not look there, so they would stay English."""
    hidden = []
    for file in HERE.rglob("*.py"):
        written = file.read_text(encoding="utf-8")
        if "node_modules" in file.parts or not re.search(r"\{_\(['\"]", written):
            continue
        for formatted in (each for each in ast.walk(ast.parse(written)) if isinstance(each, ast.JoinedStr)):
            calls = [each for each in ast.walk(formatted) if isinstance(each, ast.Call) and each.args]
            hidden += [
                f"{file.name}: {each.args[0].value}"
                for each in calls
                if isinstance(each.func, ast.Name) and each.func.id == "_" and isinstance(each.args[0], ast.Constant)
            ]
    assert not hidden


@pytest.mark.parametrize("language", TRANSLATED)
def test_commands_read_the_catalogue_that_stands_beside(language: str) -> None:
    """Run scripts/messages.py when this fails: the compiled file is older than its source."""
    assert catalogue.compiled_file(language).read_bytes() == catalogue.compiled(language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_survive_translation(language: str) -> None:
    wrong = []
    for path in (*i18n.catalogue_files(language), COMMAND_LINE.catalogues[language]):
        for message in read(path, language):
            if not message.id:
                continue
            ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
            wanted = {name for text in ids for name in PLACEHOLDER.findall(text)}
            forms = message.string if isinstance(message.string, list | tuple) else (message.string,)
            if any(set(PLACEHOLDER.findall(form)) != wanted for form in forms if form):
                wrong.append(f"{path.name}: {ids[0]}")
    assert not wrong


@pytest.mark.parametrize("language", TRANSLATED)
def test_one_text_has_one_translation(language: str) -> None:
    seen: dict[str, object] = {}
    differing = []
    for area in areas():
        for message in read(area.catalogues[language], language):
            if not message.id:
                continue
            msgid = key(tuple(message.id) if isinstance(message.id, list | tuple) else message.id)
            if seen.setdefault(msgid, message.string) != message.string:
                differing.append(f"{area.name}: {msgid}: {message.string} / {seen[msgid]}")
    assert not differing


@pytest.mark.parametrize(
    ("language", "number", "shown"),
    [
        ("ru", 1, "1 год"),
        ("ru", 3, "3 года"),
        ("ru", 25, "25 лет"),
        ("kk", 1, "1 жаста"),
        ("kk", 25, "25 жаста"),
        ("en", 1, "1 year old"),
        ("en", 2, "2 years old"),
    ],
)
def test_plural_forms(language: str, number: int, shown: str) -> None:
    request_context.enter(RequestContext(language=language))
    assert i18n.ngettext("%(num)d year old", "%(num)d years old", number) == shown


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("ru", "en-GB,en", "ru"),
        (None, "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        (None, "de,fr", "kk"),
        ("xx", None, "kk"),
        (None, "en", "en"),
    ],
)
def test_language_is_chosen_then_asked_then_kazakh(cookie: str | None, accept: str | None, language: str) -> None:
    assert i18n.preferred_language(cookie, accept) == language
