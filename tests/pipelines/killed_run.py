"""A run in a process of its own that kills itself at a named point; started by the tests."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from pipelines.lib import publish
from pipelines.lib.places import Places
from pipelines.run import run_in
from quality import run as quality_run
from warehouse import lake

PROJECT = Path(__file__).parent / "project"


def die() -> None:
    """As a power cut would: no handler, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(module: object, name: str, happens: Callable[..., bool] = lambda *arguments: True) -> None:
    """Die on entry to a function, when its arguments are the ones meant."""
    original = getattr(module, name)

    def dying(*arguments: object, **named: object) -> object:
        if happens(*arguments):
            die()
        return original(*arguments, **named)

    setattr(module, name, dying)


def after(module: object, name: str, happens: Callable[..., bool] = lambda *arguments: True) -> None:
    """Die on return from a function."""
    original = getattr(module, name)

    def dying(*arguments: object, **named: object) -> object:
        result = original(*arguments, **named)
        if happens(*arguments):
            die()
        return result

    setattr(module, name, dying)


def _is_part_of(table: str) -> Callable[..., bool]:
    return lambda self, *rest: self.path.parent.name == table


POINTS: dict[str, Callable[[], None]] = {
    "extract: a part half written": lambda: after(lake.PartWriter, "write", _is_part_of("encounter")),
    "extract: parts written, manifest not": lambda: before(
        lake.Lake, "commit", lambda self, manifest: manifest.table == "encounter"
    ),
    "extract: manifest written, not settled": lambda: after(
        lake.Lake, "commit", lambda self, manifest: manifest.table == "encounter"
    ),
    "quality: rewritten, not admitted": lambda: before(
        lake.Lake, "commit", lambda self, manifest: manifest.table == "observation" and not manifest.landed
    ),
    "quality: linked, not admitted": lambda: after(
        quality_run, "link_into", lambda path, folder: folder.name == "encounter"
    ),
    "quality: admitted, results not stored": lambda: before(quality_run, "store"),
    "publish: before the copy": lambda: before(publish, "prepare"),
    "publish: sealed, not moved": lambda: after(publish, "seal"),
    "publish: moved, pointer not": lambda: before(publish, "write_durably", lambda path, text: path.name == "current"),
    "publish: pointer moved, old files there": lambda: before(publish, "retire"),
}


def main(arguments: list[str]) -> None:
    """Run until the point; with a number instead of a name, until that many models and tests are built."""
    site = Places(**(json.loads(arguments[0]) | {"home": Path(json.loads(arguments[0])["home"])}))
    point = arguments[1]

    def progress(hop: str, done: int, total: int) -> None:
        if point.startswith("dbt:") and hop == "dbt" and done >= int(point.removeprefix("dbt:")):
            die()

    if point in POINTS:
        POINTS[point]()
    run_in(site, progress=progress, project=PROJECT)


if __name__ == "__main__":
    main(sys.argv[1:])
