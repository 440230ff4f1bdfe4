"""Progress of anything longer than a second, on stderr: bars on a terminal, quiet lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from saulyq.language import N_, _
from saulyq.output import say

Progress = Callable[[str, int, int], None]
"""Called with a step's name, units done and units in all (0 when nobody knows)."""

LINE_SECONDS = 10.0

STEPS = (
    N_("extract"),
    N_("raw"),
    N_("quality"),
    N_("dbt"),
    N_("retention"),
    N_("egress"),
    N_("people and their care"),
    N_("keys and indexes"),
    N_("continuing"),
    N_("statistics"),
)
"""The names of steps; a loader of files says the file's."""


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give the body a function to report its steps to."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_(step), total=total or None)
            bars.update(tasks[step], completed=done, total=total or None)  # type: ignore[arg-type]

        yield report


def _lines() -> Progress:
    """Without a terminal: a line when a step begins, every ten seconds, and when it ends."""
    said: dict[str, float] = {}

    def report(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        ended = bool(total) and done >= total
        if step in said and not ended and now - said[step] < LINE_SECONDS:
            return
        said[step] = now
        if total:
            say("  %(step)s: %(done)s/%(total)s", step=_(step), done=done, total=total)
        else:
            say("  %(step)s: %(done)s", step=_(step), done=done)

    return report
