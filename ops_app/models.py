"""Loads the models of every module so that one metadata knows all tables."""

from __future__ import annotations

import importlib
from pathlib import Path

from ops_app.kit.model import Base


def load_all() -> type[Base]:
    """Import ``models`` of each module folder and of the gate; return the base."""
    modules = Path(__file__).parent / "modules"
    for file in sorted(modules.glob("*/models.py")):
        importlib.import_module(f"ops_app.modules.{file.parent.name}.models")
    importlib.import_module("ops_app.gate.models")
    return Base
