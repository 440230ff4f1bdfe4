"""One suite a dataset: what its raw rows must obey at the gate.

Keys, relations and accepted values of models are dbt tests, shapes kept by a database constraint are
not repeated: a suite holds what only a look at the arriving value can tell.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from quality.suites.suite import Suite


@cache
def suites() -> dict[str, Suite]:
    """Every suite of this folder by its dataset."""
    found: dict[str, Suite] = {}
    for module in iter_modules(__path__):
        if module.name.startswith("raw_"):
            suite: Suite = import_module(f"{__name__}.{module.name}").SUITE
            if suite.dataset != module.name.removeprefix("raw_"):
                raise ValueError(f"{module.name} holds the suite of {suite.dataset}")
            found[suite.dataset] = suite
    return found
