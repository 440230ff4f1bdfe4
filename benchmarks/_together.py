"""The same work over several connections at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def timed(work: Callable[[int], None], connections: int) -> float:
    """Seconds that all of them need, each in a thread of its own that is told its number."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started
