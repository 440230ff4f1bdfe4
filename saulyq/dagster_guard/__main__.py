"""Serve Dagster's pages behind the guard: ``python -m saulyq.dagster_guard WORKSPACE``."""

from __future__ import annotations

import sys

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from saulyq.dagster_guard.guard import OPERATES, Guard
from saulyq.dagster_guard.sign_in import SignIns
from saulyq.settings import settings


class GuardedContext(WorkspaceProcessContext):
    """Dagster's own context, read-only for whoever may only look, so that its pages offer nothing else."""

    def create_request_context(self, source: object | None = None) -> WorkspaceRequestContext:
        """What one request sees; the guard has said in its scope who asks."""
        scope = getattr(source, "scope", {})
        return WorkspaceRequestContext(
            instance=self.instance,
            current_workspace=self.get_current_workspace(),
            process_context=self,
            version=self.version,
            source=source,
            read_only=scope.get(OPERATES) is not True,
        )


def main(workspace: str) -> None:
    """Run until stopped."""
    current = settings()
    with (
        DagsterInstance.get() as instance,
        GuardedContext(instance, WorkspaceFileTarget(paths=[workspace]), version=__version__) as context,
    ):
        pages = create_app_from_workspace_process_context(context, "", 2000)
        guard = Guard(pages, SignIns(current))
        uvicorn.run(guard, host=current.bind, port=current.dagster_port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(sys.argv[1])
