"""`saulyq bench`: one script a benchmark, each prints JSON lines."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from saulyq.commands.options import Json
from saulyq.errors import Unavailable, UsageError

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def bench(
    name: Annotated[str, typer.Argument(help="A name; a wrong one is answered with the list.")],
    people: Annotated[int, typer.Option(min=100, help="Size of the synthetic region.")] = 100_000,
    as_json: Json = False,
) -> None:
    """Run a benchmark; it makes and removes an installation of its own."""
    known = sorted(path.stem for path in FOLDER.glob("[a-z]*.py")) if FOLDER.is_dir() else []
    if not known:
        raise Unavailable("benchmarks are part of the source tree, which is not here")
    if name not in known:
        raise UsageError("no benchmark %(name)s; there are: %(known)s", name=name, known=", ".join(known))
    arguments = [sys.executable, str(FOLDER / f"{name}.py"), "--people", str(people)]
    raise typer.Exit(subprocess.call([*arguments, "--json"] if as_json else arguments))
