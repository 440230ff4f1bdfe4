"""Changing tables while people write: never stand in the queue for a lock longer than a writer may notice.

A statement that waits for a table makes every later writer wait behind it. So it gives up after a moment, lets the
writers pass, and asks again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

LONGEST_WAIT = "300ms"
PAUSE_SECONDS = 0.3
ATTEMPTS = 200


def patiently(step: Callable[[], None]) -> None:
    """Do one step in a transaction of its own, again and again while its lock is not to be had."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            step()
        except OperationalError as refused:
            if not isinstance(refused.orig, LockNotAvailable) or attempt == ATTEMPTS:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
