"""What Dagster serves: everything the folders below `pipelines/defs` define, merged."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import dagster as dg

from pipelines import defs as folders
from pipelines.resources import Pipeline


def load() -> dg.Definitions:
    """Merge the definitions of every folder; runs happen in one process, which holds the pipeline lock."""
    found = [import_module(f"{folders.__name__}.{folder.name}").defs for folder in iter_modules(folders.__path__)]
    shared = dg.Definitions(resources={"pipeline": Pipeline()}, executor=dg.in_process_executor)
    return dg.Definitions.merge(shared, *found)


defs = load()
