"""dbt as a child process that does not outlive the run that started it: `python -m pipelines.lib.dbt_process …`.

Half of a small build is dbt's own start: it is imported and reads the project while the run still extracts, and then
waits for one line of JSON with the rest of its arguments and of its environment. No line, no command.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys

from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to end this process with its parent; a killed run leaves no build behind that still writes."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # the parent may have died before the request was made
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


class InfoEvents(EventManager):
    """Spells out only what is printed: dbt makes several debug events a statement, and nobody reads them."""

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: object = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        """Tell the loggers of an event, unless it is one for debugging."""
        if (level or e.level_tag()) not in (EventLevel.DEBUG, EventLevel.TEST):
            super().fire_event(e, level, node, force_warn_or_error_handling)


def main() -> None:
    """Read the project, wait for the command, run it."""
    die_with_parent()
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    ctx_set_event_manager(InfoEvents())
    common = sys.argv[1:]
    parsed = dbtRunner().invoke(["parse", *common])
    if not isinstance(parsed.result, Manifest):
        sys.exit(f"the project cannot be read: {parsed.exception}")
    # the command would import it after it was told
    importlib.import_module("dbt.task.build")
    line = sys.stdin.readline()
    if not line:
        return
    told = json.loads(line)
    os.environ |= told["environment"]
    done = dbtRunner(manifest=parsed.result).invoke([*told["arguments"], *common])
    if done.exception is not None:
        sys.exit(str(done.exception))
    sys.exit(0 if done.success else 1)


if __name__ == "__main__":
    main()
