"""Whoever raises a failure gives each value its text asks for; a missing one would be found only when it happens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dashboards", "ingestion", "ops_app", "pipelines", "quality", "saulyq", "warehouse")
VALUE = re.compile(r"%\((\w+)\)")


def raised(tree: ast.Module) -> Iterator[ast.Call]:
    """Exceptions made by a call with a text first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            yield node.exc


def test_values_of_failures_are_those_of_their_texts() -> None:
    wrong = []
    looked_at = 0
    for path in (each for package in PACKAGES for each in (ROOT / package).rglob("*.py")):
        for call in raised(ast.parse(path.read_text(encoding="utf-8"))):
            text = call.args[0]
            if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
                continue
            asked = set(VALUE.findall(text.value))
            given = {each.arg for each in call.keywords}
            if asked and None not in given:
                looked_at += 1
                if not asked <= given:
                    wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}: {sorted(asked - given)}")
    assert looked_at > 50
    assert wrong == []
