"""A small HTTP client for load: keep-alive connections, users who think, and connections that do not."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    path: str
    body: bytes | None = None
    content_type: str | None = None


@dataclass
class Times:
    """Seconds of each answer by step, and what was not answered well."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, step: str, took: float, status: int) -> None:
        """Note one answer; a redirect after a posted form is a good one."""
        with self._lock:
            if status in (200, 201, 303):
                self.seconds.setdefault(step, []).append(took)
            else:
                self.failures[f"{step}: {status}"] += 1

    @property
    def count(self) -> int:
        """Good answers in all."""
        return sum(len(took) for took in self.seconds.values())


class Browser:
    """One connection of one signed-in user."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        self._headers = {"Accept": "text/html,application/json", "Cookie": cookie}

    def use_csrf_token(self, token: str) -> None:
        """Send the token with every write."""
        self._headers["X-CSRF-Token"] = token

    def send(self, request: Request) -> tuple[int, float, bytes]:
        """Status, seconds until the whole answer was here, and the answer; status 0 when there was none."""
        started = time.perf_counter()
        # a server closes connections that rest; like a browser we find out by asking, and connect again
        for _ in range(2):
            try:
                status, content = self._exchange(request)
            except (ConnectionError, http.client.HTTPException):
                self._connection.close()
            else:
                return status, time.perf_counter() - started, content
        return 0, time.perf_counter() - started, b""

    def _exchange(self, request: Request) -> tuple[int, bytes]:
        headers = dict(self._headers)
        if request.content_type:
            headers["Content-Type"] = request.content_type
        self._connection.request(request.method, request.path, request.body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


Step = tuple[str, float, Request]
"""Its name, how long the user thinks before it, and what is sent."""


def with_think_times(users: list[tuple[Browser, Iterator[Step]]], seconds: float, arrival: float) -> Times:
    """Let users work for a while; each thinks between half of the stated time and one and a half times it.

    They come one after another during the time of arrival, for people do not start a day in step.
    """
    times = Times()
    until = time.monotonic() + seconds

    def work(number: int, browser: Browser, steps: Iterator[Step]) -> None:
        moods = random.Random(number)
        time.sleep(arrival * number / len(users))
        for step, think, request in steps:
            pause = think * moods.uniform(0.5, 1.5)
            if time.monotonic() + pause >= until:
                return
            time.sleep(pause)
            status, took, _ = browser.send(request)
            times.add(step, took, status)

    threads = [
        threading.Thread(target=work, args=(number, browser, steps)) for number, (browser, steps) in enumerate(users)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def flat_out(connections: list[tuple[Browser, Callable[[], Request]]], step: str, seconds: float) -> Times:
    """Ask again as soon as the answer is there, on every connection, for a while."""
    times = Times()
    until = time.monotonic() + seconds

    def work(browser: Browser, make: Callable[[], Request]) -> None:
        while time.monotonic() < until:
            status, took, _ = browser.send(make())
            times.add(step, took, status)

    threads = [threading.Thread(target=work, args=connection) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times
