"""A code of a classifier as an answer: the book, its edition, and what the code was called in it.

The answer keeps its titles, so that a form reads the same after the book has changed. What was typed and not
chosen is ``{"typed": …}``; a code that the book did not have on that day has no titles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops_app import i18n
from ops_app.i18n import _
from ops_app.kit.code_systems import system_of
from ops_app.mechanisms.questionnaire.compiled import Compiled
from ops_app.mechanisms.questionnaire.definition import CellItem, CodeItem, Item, TableItem

VALUE_SETS = "https://saulyq.kz/fhir/ValueSet"
LONGEST_TYPED = 200

Answer = Any
Found = Callable[[str, str], Mapping[str, Any] | None]
"""The coding of a code or of typed letters in a book; None when the book does not have it."""


def posted(chosen: object, typed: object) -> dict[str, str] | None:
    """What a field said: the code that was chosen, or the letters without a choice."""
    for name, said in (("code", chosen), ("typed", typed)):
        if isinstance(said, str) and (text := said.replace("\x00", "").strip()):
            return {name: text[:LONGEST_TYPED]}
    return None


def code_of(answer: Answer) -> str | None:
    """The code alone, as formulas see it."""
    if isinstance(answer, str):
        return answer or None
    code = answer.get("code") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and code else None


def title_of(answer: Answer) -> str:
    """What the code was called, in the language of the request."""
    title = answer.get("title") if isinstance(answer, dict) else None
    if not isinstance(title, dict):
        return ""
    return str(title.get(i18n.language()) or title.get("ru") or "")


def shown(answer: Answer) -> str:
    """The code with its title; letters that are no code yet as they are."""
    if isinstance(answer, dict) and answer.get("typed"):
        return str(answer["typed"])
    return f"{code_of(answer) or ''} {title_of(answer)}".strip()


def problem(answer: Answer) -> str | None:
    """What is wrong with an answer."""
    if code_of(answer) is None:
        return _("Choose a code from the list")
    if not isinstance(answer, dict) or not answer.get("title"):
        return _("The list has no such code on this day: %(code)s", code=code_of(answer))
    return None


def resolved(compiled: Compiled, answers: Mapping[str, Answer], find: Found) -> dict[str, Answer]:
    """The answers with each code looked up anew: book, edition and titles are never taken from a browser."""
    result = dict(answers)
    for item in compiled.definition.items:
        answer = answers.get(item.id)
        if isinstance(item, CodeItem) and answer:
            result[item.id] = _found(item, answer, find)
        elif isinstance(item, TableItem) and answer and any(isinstance(each, CodeItem) for each in item.columns):
            if isinstance(answer, dict):
                result[item.id] = {key: _row(item, row, find) for key, row in answer.items()}
            else:
                result[item.id] = [_row(item, row, find) for row in answer]
    return result


def _row(item: TableItem, row: Mapping[str, Answer], find: Found) -> dict[str, Answer]:
    codes = {column.id: column for column in item.columns if isinstance(column, CodeItem)}
    return {name: _found(codes[name], value, find) if name in codes and value else value for name, value in row.items()}


def _found(item: CodeItem, answer: Answer, find: Found) -> dict[str, Answer]:
    said = code_of(answer) or (str(answer.get("typed") or "") if isinstance(answer, dict) else "")
    known = find(item.system, said)
    if known is not None and (item.kinds is None or known.get("kind") in item.kinds):
        return {name: value for name, value in known.items() if name != "kind" and value is not None}
    return {"code": said} if code_of(answer) else {"typed": said}


def value_set(item: Item | CellItem) -> str | None:
    """The address of the values an item takes, as FHIR names it."""
    return f"{VALUE_SETS}/{item.system.replace('_', '-')}" if isinstance(item, CodeItem) else None


def as_coding(answer: Answer) -> dict[str, Any] | None:
    """The answer as a FHIR Coding."""
    code = code_of(answer)
    if code is None or not isinstance(answer, dict) or not answer.get("system"):
        return None
    coding = {"system": system_of(answer["system"], answer.get("oid")), "version": answer.get("version")}
    told = coding | {"code": code, "display": title_of(answer) or None}
    return {name: value for name, value in told.items() if value}
