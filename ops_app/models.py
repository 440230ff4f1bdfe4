"""Loads the models of every module and mechanism so that one metadata knows all tables."""

from __future__ import annotations

import importlib
from pathlib import Path

from ops_app.kit.model import Base


def load_all() -> type[Base]:
    """Import ``models`` of each module and mechanism folder and of the gate; return the base."""
    here = Path(__file__).parent
    for kind in ("mechanisms", "modules"):
        for file in sorted((here / kind).glob("*/models.py")):
            importlib.import_module(f"ops_app.{kind}.{file.parent.name}.models")
    importlib.import_module("ops_app.gate.models")
    return Base
