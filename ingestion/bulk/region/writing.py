"""Writes frames by COPY in a thread of its own, so that the next ones are made meanwhile."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from types import TracebackType

import polars as pl
import psycopg

from ingestion.bulk.copy import copy_frame

_WAITING = 4


class BackgroundCopy:
    """Owns the connection between ``with`` and its end; the first failure ends the work."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.written: Counter[str] = Counter()
        self._connection = connection
        self._queue: queue.Queue[tuple[str, pl.DataFrame] | None] = queue.Queue(_WAITING)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="region-copy", daemon=True)

    def __enter__(self) -> BackgroundCopy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if error is None and self._failure is not None:
            raise self._failure

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """Hand over a frame; waits while too many are ahead of it."""
        if self._failure is not None:
            raise self._failure
        self._queue.put((table, frame))

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._failure is not None:
                continue
            try:
                self.written[item[0]] += copy_frame(self._connection, *item)
            except BaseException as failure:
                self._failure = failure
