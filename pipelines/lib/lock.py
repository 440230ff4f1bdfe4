"""One pipeline at a time: command line, sensor and schedule share one lock."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from saulyq.errors import SaulyqError

POLL_SECONDS = 0.2


class PipelineBusy(SaulyqError):
    """Another run holds the pipeline."""


@contextmanager
def pipeline_lock(home: Path, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the pipeline; the kernel frees it when the process ends, however it ends."""
    path = home / "run" / "pipeline.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(descriptor)


def is_busy(home: Path) -> bool:
    """Whether a run is under way."""
    try:
        with pipeline_lock(home):
            return False
    except PipelineBusy:
        return True


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise PipelineBusy("another pipeline run is under way; wait for its end") from None
            time.sleep(POLL_SECONDS)
        else:
            return
