"""The one resource of all jobs: the installation, held alone for the length of a run."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines.lib.lock import pipeline_lock
from pipelines.lib.places import Places, places
from pipelines.run import WAIT_SECONDS


class Pipeline(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Waits for the pipeline and keeps it until the run ends."""

    wait_seconds: float = WAIT_SECONDS

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Pipeline"]:
        """Hold the lock around all steps: the executor is in-process, so one resource serves the run."""
        with pipeline_lock(places().home, self.wait_seconds):
            yield self

    @property
    def places(self) -> Places:
        """Where this installation's runs read and write."""
        return places()
