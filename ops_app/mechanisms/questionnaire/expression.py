"""The small expression language of definitions: conditions, scoring formulas, rules.

A text becomes a tree of plain lists, which Python (``evaluation.py``) and the browser
(``ui/static/questionnaire/expression.js``) walk in the same way; there is no second parser.
Nothing here can loop, call Python or reach anything but the answers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Tree = list[Any]
"""``["number", 2.0]``, ``["ref", "q1"]``, ``["call", "min", [...]]`` …"""

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_TOKENS = 500

FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "answered": (1, 1),
    "ceil": (1, 1),
    "coalesce": (1, 20),
    "count": (1, 100),
    "count_true": (1, 100),
    "days_between": (2, 2),
    "exp": (1, 1),
    "floor": (1, 1),
    "given": (1, 100),
    "has": (2, 2),
    "if": (3, 3),
    "largest": (2, 100),
    "ln": (1, 1),
    "max": (1, 100),
    "mean": (1, 100),
    "min": (1, 100),
    "round": (2, 2),
    "sqrt": (1, 1),
    "sum": (1, 100),
    "years_between": (2, 2),
}
"""Functions of values with the least and the greatest number of arguments."""

POINT_FUNCTIONS = frozenset({"points", "sum_points", "answered_points", "count_answered", "max_points"})
"""Functions of items; without arguments all scored items before this place (``points`` needs one)."""

PATIENT = frozenset({"patient_age_years", "patient_age_months", "patient_sex"})
"""What an expression may know of the person."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)|'(?P<text>[^']*)'"
    r"|(?P<sign><=|>=|==|!=|[-+*/^<>(),]))"
)
WORDS = {"and", "or", "not", "true", "false", "null"}
"""Words that are no names."""
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


class ExpressionError(ValueError):
    """The text is no expression; ``code`` and ``about`` say why, for a message in any language."""

    def __init__(self, code: str, about: str = ""):
        self.code = code
        self.about = about
        super().__init__(f"{code}: {about}" if about else code)


@dataclass(frozen=True)
class Names:
    """What an expression may name: values, scored items, tables with their columns."""

    values: Collection[str] = ()
    scored: Collection[str] = ()
    tables: Mapping[str, Collection[str]] = field(default_factory=dict)


def parse(text: str, names: Names) -> Tree:
    """The tree of an expression; refuses unknown names, wrong numbers of arguments and what is too long."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError("too_long", str(MAX_LENGTH))
    reader = _Reader(_tokens(text), names)
    tree = reader.alternatives(0)
    if reader.at < len(reader.tokens):
        raise ExpressionError("unexpected", reader.tokens[reader.at][1])
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError("unexpected", text[at:].strip()[:1])
        kind = str(match.lastgroup)
        word = match[kind]
        found.append(("word" if kind == "name" and word in WORDS else kind, word))
        at = match.end()
    if not found:
        raise ExpressionError("empty")
    if len(found) > MAX_TOKENS:
        raise ExpressionError("too_long", str(MAX_TOKENS))
    return found


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]], names: Names):
        self.tokens = tokens
        self.names = names
        self.at = 0

    def _next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _take(self, *words: str) -> str | None:
        kind, word = self._next()
        if kind in ("sign", "word") and word in words:
            self.at += 1
            return word
        return None

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ExpressionError("expected", sign)

    def alternatives(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise ExpressionError("too_deep", str(MAX_DEPTH))
        tree = self._conjunction(depth)
        while self._take("or"):
            tree = ["or", tree, self._conjunction(depth)]
        return tree

    def _conjunction(self, depth: int) -> Tree:
        tree = self._negation(depth)
        while self._take("and"):
            tree = ["and", tree, self._negation(depth)]
        return tree

    def _negation(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise ExpressionError("too_deep", str(MAX_DEPTH))
        if self._take("not"):
            return ["not", self._negation(depth + 1)]
        left = self._sum(depth)
        sign = self._take(*COMPARISONS)
        return ["compare", sign, left, self._sum(depth)] if sign else left

    def _sum(self, depth: int) -> Tree:
        tree = self._product(depth)
        while sign := self._take("+", "-"):
            tree = ["arithmetic", sign, tree, self._product(depth)]
        return tree

    def _product(self, depth: int) -> Tree:
        tree = self._sign(depth)
        while sign := self._take("*", "/"):
            tree = ["arithmetic", sign, tree, self._sign(depth)]
        return tree

    def _sign(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise ExpressionError("too_deep", str(MAX_DEPTH))
        if self._take("-"):
            return ["arithmetic", "-", ["number", 0.0], self._sign(depth + 1)]
        tree = self._atom(depth)
        if self._take("^"):
            return ["arithmetic", "^", tree, self._sign(depth + 1)]
        return tree

    def _atom(self, depth: int) -> Tree:
        kind, word = self._next()
        self.at += 1
        if kind == "number":
            return ["number", float(word)]
        if kind == "text":
            return ["text", word]
        if kind == "word" and word in ("true", "false"):
            return ["boolean", word == "true"]
        if kind == "word" and word == "null":
            return ["null"]
        if kind == "name":
            return self._call(word, depth) if self._take("(") else self._reference(word)
        if kind == "sign" and word == "(":
            tree = self.alternatives(depth + 1)
            self._expect(")")
            return tree
        raise ExpressionError("unexpected", word) if kind != "end" else ExpressionError("unfinished")

    def _reference(self, name: str) -> Tree:
        if name not in self.names.values and name not in PATIENT:
            raise ExpressionError("unknown_name", name)
        return ["ref", name]

    def _call(self, name: str, depth: int) -> Tree:
        if name in POINT_FUNCTIONS:
            return self._points(name)
        if name in ("column", "rows"):
            return self._table(name)
        if name not in FUNCTIONS:
            raise ExpressionError("unknown_function", name)
        arguments: list[Tree] = []
        if not self._take(")"):
            arguments.append(self.alternatives(depth + 1))
            while self._take(","):
                arguments.append(self.alternatives(depth + 1))
            self._expect(")")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise ExpressionError("arguments", name)
        return ["call", name, arguments]

    def _name(self) -> str:
        kind, word = self._next()
        if kind != "name":
            raise ExpressionError("expected_item", word)
        self.at += 1
        return word

    def _points(self, name: str) -> Tree:
        items: list[str] = []
        if not self._take(")"):
            items.append(self._name())
            while self._take(","):
                items.append(self._name())
            self._expect(")")
        for item in items:
            if item not in self.names.scored:
                raise ExpressionError("unscored", item)
        if name == "points" and len(items) != 1:
            raise ExpressionError("arguments", name)
        return ["points", name, items or sorted(self.names.scored)]

    def _table(self, name: str) -> Tree:
        table = self._name()
        if table not in self.names.tables:
            raise ExpressionError("unknown_table", table)
        if name == "rows":
            self._expect(")")
            return ["rows", table]
        self._expect(",")
        kind, column = self._next()
        if kind != "text" or column not in self.names.tables[table]:
            raise ExpressionError("unknown_column", column)
        self.at += 1
        self._expect(")")
        return ["column", table, column]


def references(tree: Tree) -> set[str]:
    """Names of the values and items a tree uses."""
    if tree and tree[0] == "ref":
        return {str(tree[1])}
    if tree and tree[0] == "points":
        return set(tree[2])
    if tree and tree[0] in ("column", "rows"):
        return {str(tree[1])}
    return {name for part in tree if isinstance(part, list) for name in _inside(part)}


def _inside(part: list[Any]) -> set[str]:
    if part and isinstance(part[0], list):
        return {name for each in part for name in references(each)}
    return references(part) if part else set()
