"""Our own commands as child processes: their memory is given back, and their progress is seen."""

import subprocess
import sys

from saulyq.environment import MARK, installation_environment, part_environment
from saulyq.errors import SaulyqError
from saulyq.parts import ROOT
from saulyq.settings import Settings

COMMAND = "saulyq.cli"
"""The module they run, by which they are told from the parts."""


def run(current: Settings, *arguments: str) -> None:
    """Run a command to its end; its failure is ours."""
    result = subprocess.call(
        [sys.executable, "-m", COMMAND, *arguments],
        cwd=ROOT,
        # its words go to whoever typed the command, in their language
        env=installation_environment(current) | {MARK: str(current.home)},
        stdout=subprocess.DEVNULL,
    )
    if result < 0:
        raise SaulyqError(
            "saulyq %(command)s was ended by signal %(signal)s; see whether memory is short",
            command=" ".join(arguments),
            signal=-result,
        )
    if result > 0:
        # it has said why in a line of its own
        raise SystemExit(result)


def run_in_background(current: Settings, *arguments: str) -> None:
    """Start a command that ends with the parts, its words in a log of its own."""
    with (current.logs_dir / f"{arguments[0]}.log").open("a") as log:
        subprocess.Popen(
            [sys.executable, "-m", COMMAND, *arguments],
            cwd=ROOT,
            env=part_environment(current),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
