"""Reading definitions: one strict YAML format, every problem with its place, nothing half accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ops_app.i18n import _
from ops_app.kit.form_fields import message_of
from ops_app.mechanisms.questionnaire.compiled import Compiled, WrongFormula, compiled
from ops_app.mechanisms.questionnaire.definition import Questionnaire
from ops_app.mechanisms.questionnaire.expression import ExpressionError

CONTENT = Path(__file__).parents[2] / "content"
FOLDERS = ("questionnaires", "scales")
MAX_CHARACTERS = 200_000


@dataclass(frozen=True)
class Problem:
    """What is wrong with a definition, and where."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class DefinitionError(Exception):
    """A text is no definition."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


class _Loader(yaml.CSafeLoader):
    """Plain YAML in which no key stands twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, _("This key stands twice: %(key)s", key=key.value), key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _load(text: str) -> Any:
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            # A short text of aliases can unfold into gigabytes.
            raise yaml.constructor.ConstructorError(
                None,
                None,
                _("Write it out: aliases are not read"),
                event.start_mark,  # type: ignore[arg-type]
            )
    return yaml.load(text, Loader=_Loader)  # noqa: S506


def content_hash(text: str) -> str:
    """What makes two texts the same version."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=600)
def read(text: str) -> Compiled:
    """A definition from its text, with every formula read."""
    if len(text) > MAX_CHARACTERS:
        raise DefinitionError([Problem("", _("Too long: at most %(n)s characters", n=MAX_CHARACTERS))])
    try:
        declared = _load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise DefinitionError([Problem(_("line %(n)s", n=line), str(error.problem))]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DefinitionError([Problem("", str(error))]) from None
    if not isinstance(declared, dict):
        raise DefinitionError([Problem("", _("A definition is a list of keys with their values"))])
    try:
        return compiled(Questionnaire.model_validate(declared))
    except ValidationError as refused:
        raise DefinitionError(list(_problems(refused, declared))) from None
    except WrongFormula as wrong:
        raise DefinitionError([Problem(wrong.path, formula_message(wrong.error))]) from None


def _problems(refused: ValidationError, declared: dict[str, Any]) -> Iterator[Problem]:
    for problem in refused.errors():
        messages = {
            "extra_forbidden": _("There is no such key"),
            "union_tag_invalid": _("There is no such type"),
            "union_tag_not_found": _("Say the “type”"),
            "literal_error": _("Choose one of the listed values") + f": {(problem.get('ctx') or {}).get('expected')}",
            "string_pattern_mismatch": _("Small Latin letters, digits and _ only")
            if problem["loc"][-1:] == ("id",)
            else _("The value does not look right"),
            "string_type": _("A text is expected; put a number in quotes"),
            "bool_parsing": _("Write true or false"),
        }
        yield Problem(_path(problem["loc"], declared), messages.get(problem["type"]) or message_of(problem))


def _path(location: tuple[int | str, ...], declared: Any) -> str:
    """``sections › vitals › items › pulse › unit``: by ids, which stand in the text, not by numbers."""
    names: list[str] = []
    at = declared
    for step in location:
        if isinstance(at, list) and isinstance(step, int) and step < len(at):
            at = at[step]
            names.append(str(at["id"]) if isinstance(at, dict) and "id" in at else str(step + 1))
        elif isinstance(at, dict) and step in at:
            at = at[step]
            names.append(str(step))
        elif not (isinstance(at, dict) and at.get("type") == step):
            names.append(str(step))
    return " › ".join(names)


def formula_message(error: ExpressionError) -> str:
    """Why a formula cannot be read, in the language of the request."""
    messages = {
        "arguments": _("The function %(name)s takes another number of values", name=error.about),
        "empty": _("The formula is empty"),
        "expected": _("“%(sign)s” is missing in the formula", sign=error.about),
        "expected_item": _("The formula needs an item here: %(name)s", name=error.about),
        "too_deep": _("The formula has too many brackets"),
        "too_long": _("The formula is too long"),
        "unexpected": _("This does not belong here in the formula: %(name)s", name=error.about),
        "unfinished": _("The formula ends too early"),
        "unknown_column": _("The table has no column of numbers or codes with this name: %(name)s", name=error.about),
        "unknown_function": _("There is no such function: %(name)s", name=error.about),
        "unknown_name": _("No item before this place has this id: %(name)s", name=error.about),
        "unknown_table": _("No table before this place has this id: %(name)s", name=error.about),
        "unscored": _("This item gives no points, or stands later: %(name)s", name=error.about),
    }
    return messages[error.code]


@dataclass(frozen=True)
class Shipped:
    """A definition that comes with the program."""

    text: str
    compiled: Compiled


@lru_cache(maxsize=1)
def shipped() -> dict[str, Shipped]:
    """Every definition in the content folders by its id; a bad one stops the start."""
    found: dict[str, Shipped] = {}
    for folder in FOLDERS:
        for file in sorted((CONTENT / folder).glob("*.yaml")):
            text = file.read_text(encoding="utf-8")
            try:
                form = read(text)
            except DefinitionError as error:
                raise RuntimeError(f"{folder}/{file.name}: {error}") from error
            if form.definition.id != file.stem:
                raise RuntimeError(f"{folder}/{file.name} calls itself {form.definition.id}")
            if form.definition.id in found:
                raise RuntimeError(f"{form.definition.id} stands in two folders")
            found[form.definition.id] = Shipped(text, form)
    return found
